// Safetensors files (https://huggingface.co/docs/safetensors, format of 2022): an 8-byte little-endian header
// length, a JSON header, then the tensors' bytes without holes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/config.hpp>
#include <t2ue/core/error.hpp>

namespace t2ue {

static_assert(std::endian::native == std::endian::little,
              "safetensors bytes are used as they lie in the file");

/// Element types of a safetensors file, named as the file names them.
enum class SafetensorsType { F64, F32, F16, BF16, I64, I32, I8, U8, BOOL };

/// "F32", "BF16", ...
std::string_view name_of(SafetensorsType type);
/// Bytes of one element.
size_t size_of(SafetensorsType type);

/// The SafetensorsType of a C++ element type; bool, half and bfloat16 are read as bytes or through
/// `to_floats`.
template <class T>
constexpr SafetensorsType safetensors_type();
template <>
constexpr SafetensorsType safetensors_type<double>() {
  return SafetensorsType::F64;
}
template <>
constexpr SafetensorsType safetensors_type<float>() {
  return SafetensorsType::F32;
}
template <>
constexpr SafetensorsType safetensors_type<int64_t>() {
  return SafetensorsType::I64;
}
template <>
constexpr SafetensorsType safetensors_type<int32_t>() {
  return SafetensorsType::I32;
}
template <>
constexpr SafetensorsType safetensors_type<int8_t>() {
  return SafetensorsType::I8;
}
template <>
constexpr SafetensorsType safetensors_type<uint8_t>() {
  return SafetensorsType::U8;
}

/// "[2, 3]"
inline std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

/// One tensor of a file: row-major; the bytes belong to the SafetensorsFile (or to who gave them to `add`).
/// They may be unaligned in files that others wrote: use `values` or `to_floats` rather than a cast.
struct SafetensorsView {
  SafetensorsType dtype = SafetensorsType::F32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;

  /// The number of elements.
  size_t count() const { return bytes.size() / size_of(dtype); }

  /// A copy of the elements. Throws Error unless the file's type is T's.
  template <class T>
  std::vector<T> values() const {
    check(dtype == safetensors_type<T>(), "safetensors", "the tensor holds ", name_of(dtype), ", not ",
          name_of(safetensors_type<T>()));
    std::vector<T> copy(count());
    if (!copy.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
    return copy;
  }
};

/// The elements of an F64, F32, F16 or BF16 tensor as floats (exact but for F64). Throws Error for other
/// types.
std::vector<float> to_floats(const SafetensorsView& view);

/// An opened file. Everything the header claims is checked at opening: its length, every name, type, shape
/// and pair of offsets, that each tensor lies inside the file with exactly the bytes its shape needs, and
/// that tensors neither overlap nor leave holes. A file that lies throws Error naming file, tensor and
/// numbers.
class SafetensorsFile {
 public:
  /// Maps the file into memory: tensors are read from the disk when touched. Copies share the mapping. The
  /// file must not be cut short while it is open; replacing it (as AtomicFile does) is safe.
  explicit SafetensorsFile(const std::filesystem::path& path);

  /// The same from memory, which must outlive the result. `name` stands for the path in errors.
  static SafetensorsFile from_memory(std::span<const std::byte> file, std::string_view name = "memory");

  /// Several files as one, which holds all their tensors, and their metadata, of which the first file's come
  /// first. `name` stands for it in errors. Error if two files have a tensor of the same name.
  static SafetensorsFile joined(const std::vector<SafetensorsFile>& files, std::string_view name);

  const std::map<std::string, SafetensorsView>& tensors() const { return tensors_; }
  /// The tensor of this name. Throws Error naming the file if there is none.
  const SafetensorsView& at(const std::string& name) const;
  /// The header's "__metadata__": texts by name.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  SafetensorsFile() = default;
  void parse(std::span<const std::byte> file);

  std::string name_;
  std::shared_ptr<const void> mapping_;
  std::map<std::string, SafetensorsView> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// A tensor that is yet to be written: everything but its bytes.
struct SafetensorsPlace {
  std::string name;
  SafetensorsType dtype = SafetensorsType::F32;
  std::vector<int64_t> shape;
};

/// Writes a file whose tensors do not fit into memory: their places first, then their bytes as they come.
class SafetensorsStream {
 public:
  /// The tensors lie in the order given, but wider types first, so that each is aligned to its type. Throws
  /// Error if the file cannot be written, if a name is reserved or there twice, a shape is too large, or a
  /// text is not UTF-8.
  SafetensorsStream(const std::filesystem::path& path, std::vector<SafetensorsPlace> places,
                    const std::map<std::string, std::string>& metadata = {});
  /// Appends bytes, in the order in which the tensors lie.
  void write(std::span<const std::byte> bytes);
  /// Throws Error if the bytes written are not exactly what the tensors need.
  void commit(Durability durability = Durability::power_cut);

 private:
  std::filesystem::path path_;
  AtomicFile file_;
  uint64_t expected_ = 0, written_ = 0;
};

/// Collects tensors and writes them into one file, which does not depend on the order of the `add` calls. The
/// header is padded to 8 bytes and wider types come first, so every tensor is aligned to its type.
class SafetensorsWriter {
 public:
  /// `bytes` is not copied and must live until `save`. Throws Error if the name is taken or reserved, or if
  /// the bytes are not what the shape needs.
  void add(const std::string& name, SafetensorsType dtype, const std::vector<int64_t>& shape,
           std::span<const std::byte> bytes);
  template <class T>
  void add(const std::string& name, const std::vector<int64_t>& shape, std::span<const T> values) {
    add(name, safetensors_type<T>(), shape, std::as_bytes(values));
  }
  /// Writes the file atomically. Throws Error if it cannot be written or a text is not UTF-8.
  void save(const std::filesystem::path& path, const std::map<std::string, std::string>& metadata = {},
            Durability durability = Durability::power_cut) const;

 private:
  std::map<std::string, SafetensorsView> tensors_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/safetensors.inl.hpp>
#endif
