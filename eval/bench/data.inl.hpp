#pragma once

#include <algorithm>

#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/records/open_dataset.hpp>
#include <t2ue/data/text/bpe.hpp>
#include <t2ue/eval/bench/data.hpp>
#include <t2ue/eval/bench/disjoint.hpp>
#include <t2ue/noise/manifest.hpp>
#include <t2ue/training/conditioner.hpp>

namespace t2ue {

namespace detail {

/// Leaves pictures of the first `count` classes; all for 0.
inline void limit_classes(DatasetIndex& index, int count, const std::string& what) {
  if (count == 0) return;
  check(static_cast<size_t>(count) <= index.label_names.size(), "bench", what, " has ",
        index.label_names.size(), " classes, and the plan wants the first ", count);
  index.label_names.resize(static_cast<size_t>(count));
  std::erase_if(index.records,
                [&](const Record& record) { return record.label < 0 || record.label >= count; });
}

/// The part's records; captions are the words for the class where there are none, or where classes are the
/// task.
inline DatasetIndex open_bench_part(const BenchPlan& plan, const PlanPart& part,
                                    const std::filesystem::path& base, const std::string& what) {
  const LearningTask task = plan.task;
  const std::filesystem::path path = base / part.path;  // an absolute path stays what it is
  DatasetIndex index = open_dataset(path);
  if (!part.split.empty()) {
    index = select_split(index, part.split);
  } else {
    check(index.splits.size() == 1, "bench", what, ": ", path, " has ", index.splits.size(),
          " splits; name one with 'split'");
  }
  limit_classes(index, plan.data.classes, what);
  for (Record& record : index.records) {
    check(task == LearningTask::image_text || record.label >= 0, "bench", what, ": '", record.key,
          "' has no class");
    if (task == LearningTask::classes) record.captions = {class_prompt(index.label_of(record))};
    check(!record.captions.empty(), "bench", what, ": '", record.key, "' has no caption");
  }
  return index;
}

/// `count` of the index's records, drawn by seed 0, in their own order; all of them for 0.
inline void limit_records(DatasetIndex& index, int64_t count) {
  const auto all = static_cast<int64_t>(index.records.size());
  if (count == 0 || count >= all) return;
  index = records_of(std::move(index), drawn_and_others(all, count).first);
}

/// A tokenizer that is only there because loading wants one: victims bring their own.
inline Tokenizer any_tokenizer(const DatasetIndex& index) {
  return BytePairTokenizer::train(captions_of(index), BytePairTokenizer::min_vocab_size);
}

inline PairDataset load_bench_part(const DatasetIndex& index, int size) {
  PairLoadOptions options;
  options.size = size;
  return load_pair_dataset(index, any_tokenizer(index), options);
}

inline std::string dataset_hash(std::initializer_list<const PairDataset*> parts) {
  Sha256 hash;
  for (const PairDataset* data : parts) {
    for (const auto* texts : {&data->keys, &data->captions, &data->label_names}) {
      for (const std::string& text : *texts) hash.update(text.c_str(), text.size() + 1);
      hash.update("\n", 1);
    }
    hash.update(data->caption_begin.data(), data->caption_begin.size() * sizeof(int64_t));
    hash.update(data->labels.data(), data->labels.size() * sizeof(int32_t));
    hash.update(data->pixels.data(), data->pixels.size());
  }
  return hash.hex();
}

}  // namespace detail

T2UE_INLINE BenchData::BenchData(const BenchPlan& plan, const std::filesystem::path& base, BenchStore& store)
    : task_(plan.task) {
  DatasetIndex train = detail::open_bench_part(plan, plan.data.train, base, "train");
  detail::limit_records(train, plan.data.limit);
  if (plan.data.apart_share > 0) {
    const auto all = static_cast<int64_t>(train.records.size());
    const auto kept = static_cast<int64_t>(plan.data.apart_share * static_cast<double>(all));
    check(kept >= 1 && kept < all, "bench", "an apart_share of ", plan.data.apart_share, " sets ", kept,
          " of ", all, " pictures apart; it wants one and one that is left");
    const auto [apart, rest] = drawn_and_others(all, kept);
    apart_ = detail::load_bench_part(records_of(train, apart), plan.data.size);
    train = records_of(std::move(train), rest);
  } else if (!plan.data.apart.path.empty()) {
    DatasetIndex apart = detail::open_bench_part(plan, plan.data.apart, base, "apart");
    detail::limit_records(apart, plan.data.limit);
    apart_ = detail::load_bench_part(apart, plan.data.size);
  }
  const DatasetIndex test = detail::open_bench_part(plan, plan.data.test, base, "test");
  train_ = detail::load_bench_part(train, plan.data.size);
  test_ = detail::load_bench_part(test, plan.data.size);
  check_disjoint(test_, "test", train_, "train");
  check_disjoint(apart_, "apart", train_, "train");
  check_disjoint(apart_, "apart", test_, "test");
  if (!plan.data.validation.path.empty()) {
    validation_ = detail::load_bench_part(
        detail::open_bench_part(plan, plan.data.validation, base, "validation"), plan.data.size);
    check_disjoint(validation_, "validation", train_, "train");
    check_disjoint(validation_, "validation", test_, "test");
  } else {
    const auto kept = static_cast<int64_t>(plan.data.validation_share * static_cast<double>(test_.count()));
    check(kept >= 2, "bench", "validation_share leaves ", kept, " pictures to choose the epoch by");
    const auto [chosen, others] = drawn_and_others(test_.count(), kept);
    const PairDataset all = std::move(test_);
    validation_ = all.subset(chosen);
    test_ = all.subset(others);
  }
  if (plan.task == LearningTask::classes)
    check(train_.label_names == test_.label_names && train_.label_names == validation_.label_names &&
              (apart_.count() == 0 || apart_.label_names == train_.label_names),
          "bench", "training, validation and test pictures and those set apart do not have the same classes");
  train_hash_ = detail::dataset_hash({&train_});
  apart_hash_ = detail::dataset_hash({&apart_});
  hash_ = detail::dataset_hash({&train_, &validation_, &test_});
  if (plan.data.all_captions)
    for (std::string* hash : {&train_hash_, &apart_hash_, &hash_})
      *hash = sha256_hex(*hash + " all captions");

  const size_t count = train_.keys.size();
  pictures_.reserve(count);  // items point into it
  for (size_t i = 0; i < count; ++i) {
    const auto bytes = train_.picture(static_cast<int64_t>(i));
    pictures_.push_back({train_.size, train_.size, 3, {bytes.begin(), bytes.end()}, {}, {}, 1});
    items_.push_back({train_.keys[i],
                      train_.noise_text(static_cast<int64_t>(i), plan.data.all_captions),
                      {},
                      &pictures_.back()});
    if (train_.labels[i] >= 0) items_.back().label = train_.labels[i];
  }
  if (!plan.data.recaptioned.empty()) read_recaptioned(base / plan.data.recaptioned);
  write_originals(store);
}

T2UE_INLINE void BenchData::read_recaptioned(const std::filesystem::path& path) {
  DatasetOptions options;
  options.need_pictures = false;  // the training pictures' are read already
  for (Record& record : open_dataset(path, options).records) recaptioned_[record.key] = record.captions;
  Sha256 hash;
  for (const std::string& key : train_.keys) {
    const auto found = recaptioned_.find(key);
    check(found != recaptioned_.end() && !found->second.empty(), "bench", "recaptioned: ", path,
          " has no caption for the training picture '", key, "'");
    for (const std::string& caption : found->second) hash.update(caption.c_str(), caption.size() + 1);
    hash.update("\n", 1);
  }
  recaption_hash_ = hash.hex();
}

T2UE_INLINE void BenchData::recaption(PairDataset& published) const {
  published.captions.clear();
  published.caption_begin = {0};
  for (const std::string& key : published.keys) {
    const std::vector<std::string>& captions = recaptioned_.at(key);
    published.captions.insert(published.captions.end(), captions.begin(), captions.end());
    published.caption_begin.push_back(static_cast<int64_t>(published.captions.size()));
  }
  published.ids.clear();  // of the captions that were: a victim has its own tokenizer in any case
  published.end.clear();
}

T2UE_INLINE void BenchData::write_originals(BenchStore& store) {
  const std::string name = "pictures-" + train_hash_.substr(0, 12);
  originals_ = store.folder() / name;
  const Claim claim = store.claim(name);
  if (std::filesystem::exists(originals_ / "pairs.jsonl")) return;
  std::filesystem::remove_all(originals_);  // a killed process left it unfinished
  PairsFolderWriter writer(originals_);
  for (size_t i = 0; i < items_.size(); ++i) {
    const auto captions = train_.captions_of(static_cast<int64_t>(i));
    Pair pair;
    pair.key = items_[i].key;
    pair.picture = noise_file_name(pair.key) + ".png";
    pair.captions = {captions.begin(), captions.end()};
    if (items_[i].label) pair.label = train_.label_names[static_cast<size_t>(*items_[i].label)];
    writer.add(pair, encode_png(pictures_[i], 1));
  }
  writer.commit();
}

T2UE_INLINE const Tokenizer& BenchData::tokenizer(int64_t vocab_size) const {
  const auto found = tokenizers_.find(vocab_size);
  if (found != tokenizers_.end()) return found->second;
  return tokenizers_.emplace(vocab_size, vocabulary_of(train_.captions, vocab_size)).first->second;
}

T2UE_INLINE Tokenizer vocabulary_of(const std::vector<std::string>& captions, int64_t vocab_size) {
  return BytePairTokenizer::train(captions, static_cast<int>(vocab_size));
}

}  // namespace t2ue
