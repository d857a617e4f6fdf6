// CIFAR-10, CIFAR-100 and STL-10 in their binary versions: pictures of one size, one behind the other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/index_builder.hpp>

namespace t2ue {

/// The record of a CIFAR binary: label bytes, then 3 x 32 x 32 of pixels
/// (https://www.cs.toronto.edu/~kriz/cifar.html, "binary version").
struct CifarLayout {
  int label_bytes = 1;  ///< CIFAR-10: the class. CIFAR-100: 2, the coarse one and the fine one, which counts
  int classes = 10;
  int64_t record_bytes() const { return label_bytes + 3 * 32 * 32; }
};

/// Adds the pictures of one binary of `bytes` bytes to `split`; keys are "SPLIT-00000" and so on, counted
/// from `first`. Returns how many there were. Error for a size that is not a multiple of the record's (a
/// truncated file, or one of another data set), for an empty file, and, naming the record, for a class out of
/// range.
int64_t add_cifar(std::istream& binary, uint64_t bytes, const std::string& where, const CifarLayout& layout,
                  uint32_t source, uint32_t split, int64_t first, IndexBuilder& builder);

/// The class (1..10) of every picture of an STL-10 label file, from 0. Error as for add_cifar(); a class out
/// of range goes to `bad`, if there is one, and is -1 then.
std::vector<int32_t> read_stl10_labels(std::istream& binary, const std::string& where,
                                       const BadRow& bad = {});

/// "cifar10", "cifar100" or "stl10" by the names of the files in the folder, or "". Where CIFAR's are called
/// the same, by their names of classes and their size.
std::string binary_format(const std::filesystem::path& folder);

/// Reads data_batch_1..5.bin or train_batch_*.bin or train.bin as "train", and test_batch.bin or test.bin as
/// "test". Names of classes are those of batches.meta.txt or fine_label_names.txt, or numbers.
DatasetIndex read_cifar(const std::filesystem::path& folder, bool hundred, const DatasetOptions& options);

/// Reads train_X.bin with train_y.bin, test_X.bin with test_y.bin, and unlabeled_X.bin, those that are there
/// (https://cs.stanford.edu/~acoates/stl10); names of classes from class_names.txt, or numbers from 1.
DatasetIndex read_stl10(const std::filesystem::path& folder, const DatasetOptions& options);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/binary_pictures.inl.hpp>
#endif
