#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/binary_pictures.hpp>

namespace t2ue {
namespace detail {

inline constexpr int stl10_side = 96;
inline constexpr uint64_t stl10_bytes = uint64_t{3} * stl10_side * stl10_side;

/// A file of pictures and the split that it belongs to.
struct BinaryFile {
  std::filesystem::path path;
  std::string split;
};

inline std::string numbered_key(const std::string& split, int64_t number) {
  return fmt::format("{}-{:05}", split, number);
}

/// CIFAR's binaries in a folder, training first, each part in the order of its names.
inline std::vector<BinaryFile> cifar_files(const std::filesystem::path& folder) {
  std::vector<BinaryFile> train, test;
  for (const std::filesystem::path& path : sorted_entries(folder)) {
    const std::string name = path.filename().string();
    if (!name.ends_with(".bin") || !is_file(path)) continue;
    if (name.starts_with("data_batch") || name.starts_with("train_batch") || name == "train.bin")
      train.push_back({path, "train"});
    if (name.starts_with("test_batch") || name == "test.bin") test.push_back({path, "test"});
  }
  train.insert(train.end(), test.begin(), test.end());
  return train;
}

/// The names of exactly `count` classes from the first of `files` that is there; otherwise numbers from
/// `first`.
inline std::vector<std::string> class_names(const std::filesystem::path& folder,
                                            std::initializer_list<const char*> files, size_t count,
                                            int first) {
  for (const char* file : files) {
    if (!is_file(folder / file)) continue;
    std::vector<std::string> names = read_lines(folder / file);
    check(names.size() == count, "dataset", (folder / file).string(), " has ", names.size(),
          " names of classes, not ", count);
    return names;
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(std::to_string(static_cast<int>(i) + first));
  return names;
}

inline std::ifstream open_binary(const std::filesystem::path& file) {
  std::ifstream binary(file, std::ios::binary);
  check(binary.good(), "dataset", "cannot open ", file.string());
  return binary;
}

inline void add_stl10_split(const std::filesystem::path& folder, const std::string& name,
                            IndexBuilder& builder) {
  const std::filesystem::path pictures = folder / (name + "_X.bin"), classes = folder / (name + "_y.bin");
  const uint64_t bytes = file_bytes(pictures);
  check(bytes > 0 && bytes % stl10_bytes == 0, "dataset", pictures.string(), " has ", bytes,
        " bytes, not a multiple of ", stl10_bytes, " (96 x 96 x 3): it is truncated, or not STL-10");
  std::vector<int32_t> labels;
  if (name != "unlabeled") {
    std::ifstream binary = open_binary(classes);
    BadRow bad;
    if (builder.options().skip_bad) bad = [&](const std::string& what) { builder.count_bad(what); };
    labels = read_stl10_labels(binary, classes.string(), bad);
    check(labels.size() == bytes / stl10_bytes, "dataset", classes.string(), " has ", labels.size(),
          " classes for ", bytes / stl10_bytes, " pictures");
  }
  const uint32_t source = builder.source(pictures), split = builder.split(name);
  for (uint64_t i = 0; i < bytes / stl10_bytes; ++i) {
    if (!labels.empty() && labels[i] < 0) continue;
    Record record;
    record.key = numbered_key(name, static_cast<int64_t>(i));
    record.picture = {PictureForm::raw, source, "", i * stl10_bytes, stl10_bytes};
    record.label = labels.empty() ? -1 : labels[i];
    record.split = split;
    builder.add(pictures.string(), std::move(record), true);
  }
}

}  // namespace detail

T2UE_INLINE int64_t add_cifar(std::istream& binary, uint64_t bytes, const std::string& where,
                              const CifarLayout& layout, uint32_t source, uint32_t split, int64_t first,
                              IndexBuilder& builder) {
  const auto size = static_cast<uint64_t>(layout.record_bytes());
  check(bytes > 0 && bytes % size == 0, "dataset", where, " has ", bytes, " bytes, not a multiple of ", size,
        " (the record of CIFAR-", layout.classes, "): it is truncated, empty, or not CIFAR-", layout.classes);
  const auto label_bytes = static_cast<uint64_t>(layout.label_bytes);
  std::vector<char> bytes_of_record(size);
  for (uint64_t i = 0; i < bytes / size; ++i) {
    binary.read(bytes_of_record.data(), static_cast<std::streamsize>(size));
    check(binary.good(), "dataset", where, " ends before record ", i);
    builder.attempt([&] {
      Record record;
      record.label = static_cast<uint8_t>(bytes_of_record[label_bytes - 1]);
      check(record.label < layout.classes, "dataset", where, " record ", i, " (byte ", i * size,
            "): the class is ", record.label, ", outside 0..", layout.classes - 1);
      record.key = detail::numbered_key(builder.index().splits[split], first + static_cast<int64_t>(i));
      record.picture = {PictureForm::raw, source, "", i * size + label_bytes, size - label_bytes};
      record.split = split;
      builder.add(where, std::move(record));
    });
  }
  return static_cast<int64_t>(bytes / size);
}

T2UE_INLINE std::vector<int32_t> read_stl10_labels(std::istream& binary, const std::string& where,
                                                   const BadRow& bad) {
  std::vector<int32_t> labels;
  for (std::istreambuf_iterator<char> at(binary), end; at != end; ++at) {
    const int32_t label = static_cast<uint8_t>(*at);
    const bool good = label >= 1 && label <= 10;
    const std::string what = good ? ""
                                  : concat("[dataset] ", where, " byte ", labels.size(), ": the class is ",
                                           label, ", outside 1..10");
    if (!good && !bad) throw Error(what);
    if (!good) bad(what);
    labels.push_back(good ? label - 1 : -1);
  }
  check(!labels.empty(), "dataset", where, " is empty");
  return labels;
}

T2UE_INLINE std::string binary_format(const std::filesystem::path& folder) {
  if (!is_folder(folder)) return "";
  for (const char* name : {"train_X.bin", "test_X.bin", "unlabeled_X.bin"})
    if (is_file(folder / name)) return "stl10";
  const std::vector<detail::BinaryFile> files = detail::cifar_files(folder);
  if (files.empty()) return "";
  if (is_file(folder / "fine_label_names.txt")) return "cifar100";
  if (is_file(folder / "batches.meta.txt")) return "cifar10";
  const uint64_t bytes = file_bytes(files.front().path);
  return bytes % static_cast<uint64_t>(CifarLayout{2, 100}.record_bytes()) == 0 ? "cifar100" : "cifar10";
}

T2UE_INLINE DatasetIndex read_cifar(const std::filesystem::path& folder, bool hundred,
                                    const DatasetOptions& options) {
  const CifarLayout layout = hundred ? CifarLayout{2, 100} : CifarLayout{1, 10};
  const std::vector<detail::BinaryFile> files = detail::cifar_files(folder);
  check(!files.empty(), "dataset", folder.string(),
        " has no data_batch_*.bin, train_batch_*.bin, train.bin, test_batch.bin or test.bin");
  IndexBuilder builder(hundred ? "cifar100" : "cifar10", options);
  builder.index().raw = {32, 32, false};
  builder.index().label_names = hundred
                                    ? detail::class_names(folder, {"fine_label_names.txt"}, 100, 0)
                                    : detail::class_names(folder, {"batches.meta.txt", "classes.txt"}, 10, 0);
  std::string split;
  int64_t first = 0;
  for (const detail::BinaryFile& file : files) {
    if (file.split != split) first = 0;
    split = file.split;
    std::ifstream binary = detail::open_binary(file.path);
    first += add_cifar(binary, file_bytes(file.path), file.path.string(), layout, builder.source(file.path),
                       builder.split(split), first, builder);
  }
  return builder.take(folder, true);
}

T2UE_INLINE DatasetIndex read_stl10(const std::filesystem::path& folder, const DatasetOptions& options) {
  IndexBuilder builder("stl10", options);
  builder.index().raw = {detail::stl10_side, detail::stl10_side, true};
  builder.index().label_names = detail::class_names(folder, {"class_names.txt"}, 10, 1);
  for (const char* name : {"train", "test", "unlabeled"})
    if (is_file(folder / (std::string(name) + "_X.bin"))) detail::add_stl10_split(folder, name, builder);
  return builder.take(folder, true);
}

}  // namespace t2ue
