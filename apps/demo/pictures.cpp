// The demo's pictures: Google's drawings to train on and to protect, Twitter's to measure on.
#include <t2ue/data/image/image_codec.hpp>

#include "demo.hpp"

namespace t2ue::apps {

namespace {
/// The first tag-less words of a caption list are enough for a name; keys keep renderings apart.
Pair pair_of(const Emoji& emoji, const std::string& key) {
  Pair pair;
  pair.key = key;
  pair.picture = key + ".png";
  pair.captions = {emoji.caption};
  pair.label = emoji_groups[static_cast<size_t>(emoji.group)];
  return pair;
}
}  // namespace

void Demo::make_pictures() {
  std::vector<Emoji> base;
  for (Emoji& emoji : read_emoji(options_.packages))
    if (!emoji.skin_tone && std::count(emoji_classes.begin(), emoji_classes.end(), emoji.group) > 0)
      base.push_back(std::move(emoji));
  const auto count = static_cast<int64_t>(base.size());
  const auto progress = bar("draw pictures", count * (recipe_.renderings + 1), "pictures");
  PairsFolderWriter train(options_.out / "pictures" / "google"), test(options_.out / "pictures" / "twitter");
  int64_t done = 0;
  for (int64_t i = 0; i < count; ++i) {
    const Emoji& emoji = base[static_cast<size_t>(i)];
    const Image google = load_image(emoji.google), twitter = load_image(emoji.twitter);
    for (int r = 0; r < recipe_.renderings; ++r) {
      const auto item = static_cast<uint64_t>(i * recipe_.renderings + r);
      train.add(pair_of(emoji, concat(emoji.key, "-r", r)),
                encode_png(render_drawing(google, recipe_.size, recipe_.seed, item, recipe_.render)));
      progress->update(++done, 0);
    }
    // Another seed: the two vendors must not share backgrounds.
    test.add(pair_of(emoji, emoji.key), encode_png(render_drawing(twitter, recipe_.size, recipe_.seed + 1,
                                                                  static_cast<uint64_t>(i), recipe_.render)));
    progress->update(++done, 0);
  }
  train.commit();
  test.commit();
}

void Demo::load_pictures() {
  const auto google = options_.out / "pictures" / "google", twitter = options_.out / "pictures" / "twitter";
  tokenizer_ = std::make_unique<Tokenizer>(
      BytePairTokenizer::train(captions_of_folder(google), static_cast<int>(recipe_.clip.text.vocab_size)));
  train_ = load(google, "load Google's drawings");
  const PairDataset all = load(twitter, "load Twitter's drawings");
  const auto order = shuffled_order(all.count(), recipe_.seed, 0);
  const auto kept = static_cast<size_t>(recipe_.validation_share * static_cast<float>(all.count()));
  std::vector<int64_t> validation(order.begin(), order.begin() + static_cast<int64_t>(kept)),
      test(order.begin() + static_cast<int64_t>(kept), order.end());
  std::sort(validation.begin(), validation.end());
  std::sort(test.begin(), test.end());
  validation_ = all.subset(validation);
  test_ = all.subset(test);
}

PairDataset Demo::load(const std::filesystem::path& folder, const std::string& what) {
  std::shared_ptr<ProgressBar> progress;
  PairLoadOptions options;
  options.size = recipe_.size;
  options.context_length = static_cast<int>(recipe_.clip.text.context_length);
  const auto started = std::chrono::steady_clock::now();
  options.progress = [&](int64_t done, int64_t total, double share) {
    if (!progress) progress = bar(what, total, "pictures");
    progress->update(
        done, share * std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  };
  return load_pair_dataset(folder, *tokenizer_, options);
}

}  // namespace t2ue::apps
