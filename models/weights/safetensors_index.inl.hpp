#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/models/weights/safetensors_index.hpp>

namespace t2ue {

T2UE_INLINE std::map<std::string, std::string> parse_safetensors_index(std::string_view json,
                                                                       std::string_view name) {
  constexpr const char* where = "safetensors";
  const nlohmann::json index = parse_json_strictly(json, where, concat(name, ": the index"));
  check(index.is_object() && index.contains("weight_map") && index["weight_map"].is_object(), where, name,
        " is no index of weights: it has no object \"weight_map\"");
  std::map<std::string, std::string> files;
  for (const auto& [tensor, entry] : index["weight_map"].items()) {
    check(entry.is_string(), where, name, ": \"weight_map\" gives no file name for the tensor \"", tensor,
          "\"");
    const auto& file = entry.get_ref<const std::string&>();
    check(file.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos, where, name,
          ": the tensor \"", tensor, "\" is said to be in '", file,
          "'; only files beside the index are read");
    check(file.ends_with(".safetensors"), where, name, ": the tensor \"", tensor, "\" is said to be in '",
          file, "', which is no .safetensors file; save the model with safetensors");
    files[tensor] = file;
  }
  check(!files.empty(), where, name, " lists no tensors");
  return files;
}

T2UE_INLINE SafetensorsFile open_safetensors(const std::filesystem::path& path) {
  if (path.extension() != ".json") return SafetensorsFile(path);
  constexpr const char* where = "safetensors";
  constexpr uint64_t index_limit = 100'000'000;  // as of a header, which lists the same names
  const std::map<std::string, std::string> index =
      parse_safetensors_index(read_text(path, index_limit), path.string());
  std::set<std::string> names;
  for (const auto& [tensor, file] : index) names.insert(file);
  std::vector<SafetensorsFile> files;
  for (const std::string& name : names) {
    const std::filesystem::path shard = path.parent_path() / name;
    std::error_code ignored;
    check(std::filesystem::exists(shard, ignored), where, path.string(), " names ", shard.string(),
          ", which is not there; fetch all files of the model");
    files.emplace_back(shard);
    for (const auto& [tensor, view] : files.back().tensors()) {
      const auto found = index.find(tensor);
      check(found != index.end() && found->second == name, where, path.string(), ": ", name,
            " holds the tensor \"", tensor, "\", which the index says to be ",
            found == index.end() ? "nowhere" : "in " + found->second);
    }
  }
  SafetensorsFile all = SafetensorsFile::joined(files, path.string());
  for (const auto& [tensor, file] : index)
    check(all.tensors().contains(tensor), where, path.string(), " says that the tensor \"", tensor,
          "\" is in ", file, ", which does not hold it");
  return all;
}

}  // namespace t2ue
