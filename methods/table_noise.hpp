// Noise that was optimised for the pictures of one data set, in a file: a row a picture, class or cluster.
//
//   steps  I8 [rows, S, S, 3]   in 1/255
//   keys   U8 [bytes]           JSON list of the pictures' keys; not for the unit class
//   rows   I32 [keys]           each key's row
//   triggers U8 [bytes]         JSON list of what stands in front of each key's captions; MEM only
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/methods/surrogate_methods.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// What a file of table noise says. `keys` and `row_of_key` are empty for the unit class: labels are rows.
struct NoiseTableFile {
  std::string method;  ///< of surrogate_methods()
  NoiseUnit unit = NoiseUnit::sample;
  int eps_steps = 8;
  int size = 0;               ///< S
  std::vector<int8_t> steps;  ///< [rows, S, S, 3]
  std::vector<std::string> keys;
  std::vector<int32_t> row_of_key;
  /// Words in front of each key's captions, one text a key; empty where the method has none.
  std::vector<std::string> triggers;
  std::string training = "{}";  ///< JSON text for the record: policy and recipe

  int64_t rows() const { return static_cast<int64_t>(steps.size()) / (int64_t{size} * size * 3); }
};

/// Writes the file atomically. Error for contents that read_noise_table() would refuse.
void write_noise_table(const std::filesystem::path& path, const NoiseTableFile& file);
/// Error naming file and fault for one that is no such file, for sizes that disagree, a method or unit that
/// is not known, steps beyond eps_steps, a key that comes twice, a row that is not there, or triggers that
/// are not one short text a key.
NoiseTableFile read_noise_table(const std::filesystem::path& path);
/// The same of an opened file; `where` names it in errors.
NoiseTableFile read_noise_table(const SafetensorsFile& tensors, const std::string& where);

/// The noise of such a file: looked up by an item's key, or by its label where the unit is a class.
class TableNoise final : public ItemwiseSource {
 public:
  /// Error as read_noise_table().
  explicit TableNoise(const std::filesystem::path& path) : TableNoise(read_noise_table(path)) {}
  explicit TableNoise(NoiseTableFile file);

 private:
  /// Error naming a key or label that the noise was not made for.
  Noise noise_of(const NoiseItem& item) const override;

  NoiseTableFile file_;
  std::unordered_map<std::string, int32_t> row_of_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/table_noise.inl.hpp>
#endif
