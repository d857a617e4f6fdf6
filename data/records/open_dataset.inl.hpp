#pragma once

#include <array>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/binary_pictures.hpp>
#include <t2ue/data/records/coco.hpp>
#include <t2ue/data/records/flickr.hpp>
#include <t2ue/data/records/karpathy.hpp>
#include <t2ue/data/records/open_dataset.hpp>
#include <t2ue/data/records/pair_list.hpp>
#include <t2ue/data/records/picture_folders.hpp>
#include <t2ue/data/records/webdataset.hpp>

namespace t2ue {
namespace detail {

using Path = std::filesystem::path;

struct DatasetForm {
  const char* name;
  const char* looks_for;
  bool (*fits)(const Path& path);
  DatasetIndex (*read)(const Path& path, const DatasetOptions& options);
};

inline const std::array<DatasetForm, 11>& dataset_forms() {
  static const std::array<DatasetForm, 11> forms = {{
      {"pairs", "pairs.jsonl", [](const Path& path) { return is_file(path / "pairs.jsonl"); },
       read_pair_list},
      {"cifar10", "data_batch_1.bin", [](const Path& path) { return binary_format(path) == "cifar10"; },
       [](const Path& path, const DatasetOptions& options) { return read_cifar(path, false, options); }},
      {"cifar100", "train.bin with fine_label_names.txt",
       [](const Path& path) { return binary_format(path) == "cifar100"; },
       [](const Path& path, const DatasetOptions& options) { return read_cifar(path, true, options); }},
      {"stl10", "train_X.bin", [](const Path& path) { return binary_format(path) == "stl10"; }, read_stl10},
      {"webdataset", "*.tar, *.tar.gz or *.tgz", [](const Path& path) { return !find_shards(path).empty(); },
       read_webdataset},
      {"karpathy", "dataset*.json", [](const Path& path) { return !find_karpathy(path).empty(); },
       read_karpathy},
      {"coco", "captions_*.json", [](const Path& path) { return !find_coco_captions(path).empty(); },
       read_coco},
      {"flickr", "*.token, *.token.txt, captions.txt or results.csv",
       [](const Path& path) { return !find_flickr_captions(path).empty(); }, read_flickr},
      {"list", "a file that ends in .csv, .tsv or .jsonl",
       [](const Path& path) {
         const std::string ending = path.extension().string();
         return is_file(path) && (ending == ".csv" || ending == ".tsv" || ending == ".jsonl");
       },
       read_pair_list},
      {"side-files", "pictures with a .txt beside each",
       [](const Path& path) { return picture_folder_format(path) == "side-files"; }, read_side_files},
      {"classes", "pictures in a folder for each class",
       [](const Path& path) { return picture_folder_format(path) == "classes"; }, read_class_folders},
  }};
  return forms;
}

}  // namespace detail

T2UE_INLINE std::vector<std::string> dataset_formats() {
  std::vector<std::string> names;
  for (const detail::DatasetForm& form : detail::dataset_forms()) names.emplace_back(form.name);
  return names;
}

T2UE_INLINE std::string recognise_dataset(const std::filesystem::path& path) {
  std::string looked_for;
  for (const detail::DatasetForm& form : detail::dataset_forms()) {
    if (form.fits(path)) return form.name;
    looked_for += concat(looked_for.empty() ? "" : "; ", form.looks_for, " (", form.name, ")");
  }
  std::error_code code;
  check(std::filesystem::exists(path, code), "dataset", "there is nothing at ", path.string());
  fail("dataset", path.string(), " is no data set in a form that is known; looked for: ", looked_for,
       ". Name the form with --format, or unpack what is compressed");
}

T2UE_INLINE DatasetIndex open_dataset(const std::filesystem::path& path, const DatasetOptions& options) {
  const std::string format = options.format.empty() ? recognise_dataset(path) : options.format;
  for (const detail::DatasetForm& form : detail::dataset_forms())
    if (format == form.name) return form.read(path, options);
  std::string known;
  for (const std::string& name : dataset_formats()) known += (known.empty() ? "" : ", ") + name;
  fail("dataset", "there is no form \"", format, "\"; known: ", known);
}

}  // namespace t2ue
