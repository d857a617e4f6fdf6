#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/core/safetensors.hpp>

namespace t2ue {

namespace detail {

struct SafetensorsTypeRow {
  SafetensorsType type;
  std::string_view name;
  size_t size;
};
inline constexpr std::array<SafetensorsTypeRow, 9> safetensors_types = {{
    {SafetensorsType::F64, "F64", 8},
    {SafetensorsType::F32, "F32", 4},
    {SafetensorsType::F16, "F16", 2},
    {SafetensorsType::BF16, "BF16", 2},
    {SafetensorsType::I64, "I64", 8},
    {SafetensorsType::I32, "I32", 4},
    {SafetensorsType::I8, "I8", 1},
    {SafetensorsType::U8, "U8", 1},
    {SafetensorsType::BOOL, "BOOL", 1},
}};

inline constexpr const char* safetensors_metadata_key = "__metadata__";

inline const SafetensorsTypeRow& safetensors_row(SafetensorsType type) {
  return safetensors_types.at(static_cast<size_t>(type));
}

/// Bytes of a tensor, or nothing where a dimension is negative or the product does not fit into 63 bits.
inline std::optional<uint64_t> safetensors_bytes(SafetensorsType type, const std::vector<int64_t>& shape) {
  constexpr uint64_t limit = uint64_t{1} << 63;
  uint64_t bytes = size_of(type);
  for (const int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    if (dimension > 0 && bytes > (limit - 1) / static_cast<uint64_t>(dimension)) return std::nullopt;
    bytes *= static_cast<uint64_t>(dimension);
  }
  return bytes;
}

/// Exact for every half: its exponent has another bias, and its subnormal numbers are normal floats.
inline float half_to_float(uint16_t half) {
  constexpr uint32_t rebias = (127u - 15u) << 23;
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t rest = static_cast<uint32_t>(half & 0x7FFFu) << 13;
  const uint32_t exponent = rest & 0x0F800000u;
  if (exponent == 0) {
    const float size = static_cast<float>(half & 1023u) * 0x1p-24f;
    return sign ? -size : size;
  }
  return std::bit_cast<float>(sign | (rest + (exponent == 0x0F800000u ? 2 * rebias : rebias)));
}

inline std::vector<uint64_t> unsigned_list(const nlohmann::json& entry, const char* field,
                                           std::string_view file, const std::string& tensor) {
  const auto list = entry.find(field);
  check(list != entry.end() && list->is_array(), "safetensors", file, ": tensor \"", tensor,
        "\" has no list \"", field, "\"");
  std::vector<uint64_t> numbers;
  for (const nlohmann::json& number : *list) {
    check(number.is_number_unsigned(), "safetensors", file, ": tensor \"", tensor, "\" has ", number.dump(),
          " in \"", field, "\"; only whole numbers of at least 0 can be there");
    numbers.push_back(number.get<uint64_t>());
  }
  return numbers;
}

}  // namespace detail

T2UE_INLINE std::string_view name_of(SafetensorsType type) {
  return detail::safetensors_row(type).name;
}
T2UE_INLINE size_t size_of(SafetensorsType type) {
  return detail::safetensors_row(type).size;
}

T2UE_INLINE std::vector<float> to_floats(const SafetensorsView& view) {
  if (view.dtype == SafetensorsType::F32) return view.values<float>();
  if (view.dtype == SafetensorsType::F64) {
    const std::vector<double> wide = view.values<double>();
    std::vector<float> floats(wide.size());
    std::transform(wide.begin(), wide.end(), floats.begin(),
                   [](double value) { return static_cast<float>(value); });
    return floats;
  }
  const bool half = view.dtype == SafetensorsType::F16;
  check(half || view.dtype == SafetensorsType::BF16, "safetensors", "a tensor of ", name_of(view.dtype),
        " is not one of floating-point numbers");
  std::vector<float> floats(view.count());
  for (size_t i = 0; i < floats.size(); ++i) {
    uint16_t bits = 0;
    std::memcpy(&bits, view.bytes.data() + 2 * i, 2);
    floats[i] = half ? detail::half_to_float(bits) : std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
  return floats;
}

T2UE_INLINE SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : name_(path.string()) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  check(descriptor >= 0, "safetensors", "cannot open ", path, ": ", std::strerror(errno));
  struct Closer {
    int descriptor;
    ~Closer() { ::close(descriptor); }
  } closer{descriptor};
  struct stat status {};
  check(::fstat(descriptor, &status) == 0, "safetensors", "cannot stat ", path, ": ", std::strerror(errno));
  check(S_ISREG(status.st_mode), "safetensors", path, " is not a regular file");
  const auto size = static_cast<size_t>(status.st_size);
  check(size >= 8, "safetensors", path, " has ", size, " bytes; the header's length alone takes 8");
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  check(memory != MAP_FAILED, "safetensors", "cannot map ", path, ": ", std::strerror(errno));
  mapping_ = std::shared_ptr<const void>(
      memory, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  parse({static_cast<const std::byte*>(memory), size});
}

T2UE_INLINE SafetensorsFile SafetensorsFile::from_memory(std::span<const std::byte> file,
                                                         std::string_view name) {
  SafetensorsFile result;
  result.name_ = name;
  result.parse(file);
  return result;
}

T2UE_INLINE SafetensorsFile SafetensorsFile::joined(const std::vector<SafetensorsFile>& files,
                                                    std::string_view name) {
  SafetensorsFile result;
  result.name_ = name;
  result.mapping_ = std::make_shared<const std::vector<SafetensorsFile>>(files);
  for (const SafetensorsFile& file : files) {
    for (const auto& [tensor, view] : file.tensors_)
      check(result.tensors_.try_emplace(tensor, view).second, "safetensors", name, ": the tensor \"", tensor,
            "\" is in ", file.name_, " and in a file before it");
    result.metadata_.insert(file.metadata_.begin(), file.metadata_.end());
  }
  return result;
}

T2UE_INLINE const SafetensorsView& SafetensorsFile::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  check(found != tensors_.end(), "safetensors", name_, " has no tensor \"", name, "\"");
  return found->second;
}

T2UE_INLINE void SafetensorsFile::parse(std::span<const std::byte> file) {
  constexpr const char* where = "safetensors";
  constexpr uint64_t header_limit = 100'000'000;  // the reference implementation's
  check(file.size() >= 8, where, name_, " has ", file.size(), " bytes; the header's length alone takes 8");
  uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  check(length <= file.size() - 8, where, name_, " claims a header of ", length, " bytes, but only ",
        file.size() - 8, " follow");
  check(length <= header_limit, where, name_, " has a header of ", length, " bytes; at most ", header_limit,
        " are read");
  const std::string_view text(reinterpret_cast<const char*>(file.data() + 8), length);
  const std::span<const std::byte> data = file.subspan(8 + length);
  const nlohmann::json header = parse_json_strictly(text, where, name_ + ": the header");
  check(header.is_object(), where, name_, ": the header is not a JSON object");

  std::vector<std::tuple<uint64_t, uint64_t, std::string>> extents;
  for (const auto& [name, entry] : header.items()) {
    check(entry.is_object(), where, name_, ": the entry \"", name, "\" is not a JSON object");
    if (name == detail::safetensors_metadata_key) {
      for (const auto& [key, value] : entry.items()) {
        check(value.is_string(), where, name_, ": the metadata \"", key, "\" is not a text");
        metadata_[key] = value.get<std::string>();
      }
      continue;
    }
    const std::string dtype = entry.contains("dtype") ? entry["dtype"].dump() : "nothing";
    const auto row = std::find_if(detail::safetensors_types.begin(), detail::safetensors_types.end(),
                                  [&](const auto& known) { return dtype == concat('"', known.name, '"'); });
    check(row != detail::safetensors_types.end(), where, name_, ": tensor \"", name, "\" has the type ",
          dtype, ", which is not known");
    SafetensorsView view;
    view.dtype = row->type;
    for (const uint64_t dimension : detail::unsigned_list(entry, "shape", name_, name))
      view.shape.push_back(static_cast<int64_t>(dimension));  // negative from 2^63 on, and then refused
    const std::vector<uint64_t> offsets = detail::unsigned_list(entry, "data_offsets", name_, name);
    check(offsets.size() == 2 && offsets[0] <= offsets[1], where, name_, ": tensor \"", name,
          "\" has no valid pair of offsets");
    const auto [begin, end] = std::pair(offsets[0], offsets[1]);
    check(end <= data.size(), where, name_, ": tensor \"", name, "\" claims the bytes ", begin, " to ", end,
          ", but the file has only ", data.size(), " after its header");
    const std::optional<uint64_t> needed = detail::safetensors_bytes(view.dtype, view.shape);
    check(needed.has_value(), where, name_, ": tensor \"", name, "\" has the shape ", shape_text(view.shape),
          ", which is too large");
    check(*needed == end - begin, where, name_, ": tensor \"", name, "\" of type ", row->name, " and shape ",
          shape_text(view.shape), " needs ", *needed, " bytes, but its offsets ", begin, " to ", end,
          " hold ", end - begin);
    view.bytes = data.subspan(begin, end - begin);
    tensors_[name] = std::move(view);
    extents.emplace_back(begin, end, name);
  }

  std::sort(extents.begin(), extents.end());
  uint64_t reached = 0;
  for (const auto& [begin, end, name] : extents) {
    check(begin >= reached, where, name_, ": tensor \"", name, "\" starts at byte ", begin,
          ", inside another that ends at ", reached);
    check(begin == reached, where, name_, ": the bytes ", reached, " to ", begin, " before tensor \"", name,
          "\" belong to no tensor");
    reached = end;
  }
  check(reached == data.size(), where, name_, ": the last ", data.size() - reached,
        " bytes belong to no tensor");
}

T2UE_INLINE SafetensorsStream::SafetensorsStream(const std::filesystem::path& path,
                                                 std::vector<SafetensorsPlace> places,
                                                 const std::map<std::string, std::string>& metadata)
    : path_(path), file_(path) {
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return size_of(a.dtype) > size_of(b.dtype); });
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header[detail::safetensors_metadata_key] = metadata;
  for (const SafetensorsPlace& place : places) {
    const std::optional<uint64_t> bytes = detail::safetensors_bytes(place.dtype, place.shape);
    check(bytes.has_value(), "safetensors", "tensor \"", place.name, "\" has the shape ",
          shape_text(place.shape), ", which is too large");
    check(place.name != detail::safetensors_metadata_key && !header.contains(place.name), "safetensors",
          "the name \"", place.name, "\" is reserved, or two tensors have it");
    header[place.name] = {{"dtype", name_of(place.dtype)},
                          {"shape", place.shape},
                          {"data_offsets", {expected_, expected_ + *bytes}}};
    expected_ += *bytes;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception& error) {
    fail("safetensors", "cannot write ", path, ": a name or a metadata text is not UTF-8: ", error.what());
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  file_.write(&length, sizeof length);
  file_.write(text);
}

T2UE_INLINE void SafetensorsStream::write(std::span<const std::byte> bytes) {
  written_ += bytes.size();
  file_.write(bytes.data(), bytes.size());
}

T2UE_INLINE void SafetensorsStream::commit(Durability durability) {
  check(written_ == expected_, "safetensors", path_, " was given ", written_, " bytes for tensors of ",
        expected_);
  file_.commit(durability);
}

T2UE_INLINE void SafetensorsWriter::add(const std::string& name, SafetensorsType dtype,
                                        const std::vector<int64_t>& shape, std::span<const std::byte> bytes) {
  check(name != detail::safetensors_metadata_key, "safetensors", "no tensor can be named ", name);
  const std::optional<uint64_t> needed = detail::safetensors_bytes(dtype, shape);
  check(needed == bytes.size(), "safetensors", "tensor \"", name, "\" of type ", name_of(dtype),
        " and shape ", shape_text(shape), " was given ", bytes.size(), " bytes");
  check(tensors_.try_emplace(name, SafetensorsView{dtype, shape, bytes}).second, "safetensors", "tensor \"",
        name, "\" was added twice");
}

T2UE_INLINE void SafetensorsWriter::save(const std::filesystem::path& path,
                                         const std::map<std::string, std::string>& metadata,
                                         Durability durability) const {
  std::vector<std::pair<std::string, SafetensorsView>> order(tensors_.begin(), tensors_.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return size_of(a.second.dtype) > size_of(b.second.dtype);
  });
  std::vector<SafetensorsPlace> places;
  for (const auto& [name, view] : order) places.push_back({name, view.dtype, view.shape});
  SafetensorsStream file(path, std::move(places), metadata);
  for (const auto& [name, view] : order) file.write(view.bytes);
  file.commit(durability);
}

}  // namespace t2ue
