// The pictures of a benchmark, decoded once for all cells.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/eval/bench/plan.hpp>
#include <t2ue/eval/bench/store.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// Training, validation and test pictures at the plan's size, those set apart, and the training pictures as a
/// pairs folder of PNG files at that size, which is what methods protect.
class BenchData {
 public:
  /// Reads the parts of `plan`; relative paths start from `base`. Writes the originals into the store's
  /// folder unless they are there. Error for parts that share pictures (check_disjoint), have no captions or
  /// classes where the task needs them, or differ in their classes, and for rewritten captions that leave a
  /// training picture out.
  BenchData(const BenchPlan& plan, const std::filesystem::path& base, BenchStore& store);
  BenchData(const BenchData&) = delete;
  BenchData& operator=(const BenchData&) = delete;

  LearningTask task() const { return task_; }
  const PairDataset& train() const { return train_; }
  const PairDataset& validation() const { return validation_; }
  const PairDataset& test() const { return test_; }
  /// What a method may train on that must not have seen the training pictures; empty if the plan has none.
  const PairDataset& apart() const { return apart_; }
  /// Of those pictures, as train_hash().
  const std::string& apart_hash() const { return apart_hash_; }
  /// One item a training picture: its first caption or the prompt of its class, its label, its picture.
  const std::vector<NoiseItem>& items() const { return items_; }
  const std::filesystem::path& originals() const { return originals_; }
  /// Decides what depends on the training pictures: SHA-256 over keys, pixels, captions and labels.
  const std::string& train_hash() const { return train_hash_; }
  /// Of the same over all three parts.
  const std::string& hash() const { return hash_; }

  /// recaption_defence: puts the plan's data.recaptioned in place of the captions of `published`, training
  /// pictures or some of them.
  void recaption(PairDataset& published) const;
  /// SHA-256 of those captions; empty if the plan has none.
  const std::string& recaption_hash() const { return recaption_hash_; }

  /// For a text tower of that vocabulary; learned from the training captions at the first call, which is not
  /// for two threads at once.
  const Tokenizer& tokenizer(int64_t vocab_size) const;

 private:
  void read_recaptioned(const std::filesystem::path& path);
  void write_originals(BenchStore& store);

  LearningTask task_;
  PairDataset train_, validation_, test_, apart_;
  std::vector<Image> pictures_;
  std::vector<NoiseItem> items_;
  std::filesystem::path originals_;
  std::unordered_map<std::string, std::vector<std::string>> recaptioned_;  ///< by key
  std::string train_hash_, apart_hash_, hash_, recaption_hash_;
  mutable std::map<int64_t, Tokenizer> tokenizers_;  ///< by vocab_size
};

/// A tokenizer of at most so many tokens, learned from captions.
Tokenizer vocabulary_of(const std::vector<std::string>& captions, int64_t vocab_size);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/data.inl.hpp>
#endif
