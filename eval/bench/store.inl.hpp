#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/json_reader.hpp>
#include <t2ue/eval/bench/store.hpp>

namespace t2ue {

namespace detail {
inline constexpr const char* bench_format = "t2ue-bench";

/// Takes the lock, waiting for it or not; false if another process has it.
inline bool lock_file(int descriptor, bool wait, const std::string& key) {
  int result = 0;
  do {
    result = flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return true;
  check(errno == EWOULDBLOCK, "bench", "the lock of ", key, " cannot be taken: ", std::strerror(errno));
  return false;
}
}  // namespace detail

T2UE_INLINE Claim::~Claim() {
  if (descriptor_ >= 0) close(descriptor_);  // which releases the lock
}

T2UE_INLINE BenchStore::BenchStore(std::filesystem::path folder) : folder_(std::move(folder)) {
  make_folder(folder_);
  // Processes that start together must not take each other's half-made folder for one of something else.
  Claim making(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  check(making.descriptor_ >= 0, "bench", folder_, " cannot be opened: ", std::strerror(errno));
  detail::lock_file(making.descriptor_, true, folder_.string());
  const auto mark = folder_ / "bench.json";
  if (!std::filesystem::exists(mark)) {
    // A process that was killed here may have left the file under its temporary name.
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      check(entry.path().filename().string().find("bench.json") != std::string::npos, "bench", folder_,
            " is not empty and not a folder of `t2ue bench`; choose another one");
    write_file(mark, nlohmann::json{{"format", detail::bench_format}, {"version", 1}}.dump() + "\n");
  }
  const nlohmann::json known = parse_json(read_text(mark, 4096), mark.string());
  check(known.is_object() && known.value("format", "") == detail::bench_format &&
            known.value("version", 0) == 1,
        "bench", mark, " is not of this version of t2ue");
  for (const char* inside : {"cells", "locks"}) make_folder(folder_ / inside);
}

T2UE_INLINE std::filesystem::path BenchStore::cell_file(const std::string& key) const {
  return folder_ / "cells" / (key + ".json");
}

T2UE_INLINE std::optional<nlohmann::json> BenchStore::find(const std::string& key) const {
  const auto file = cell_file(key);
  if (!std::filesystem::exists(file)) return std::nullopt;
  nlohmann::json result = parse_json(read_text(file), file.string());
  check(result.is_object() && result.value("key", "") == key, "bench", file,
        " is not the result of its key; remove it to run the cell again");
  return result;
}

T2UE_INLINE void BenchStore::put(const std::string& key, const nlohmann::json& result) {
  nlohmann::json whole = result;
  whole["key"] = key;
  write_file(cell_file(key), whole.dump(1) + "\n");
}

T2UE_INLINE int BenchStore::open_lock(const std::string& key) const {
  const auto path = folder_ / "locks" / key;
  const int descriptor = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  check(descriptor >= 0, "bench", path, " cannot be opened: ", std::strerror(errno));
  return descriptor;
}

T2UE_INLINE std::optional<Claim> BenchStore::try_claim(const std::string& key) const {
  Claim claim(open_lock(key));
  if (!detail::lock_file(claim.descriptor_, false, key)) return std::nullopt;
  return claim;
}

T2UE_INLINE Claim BenchStore::claim(const std::string& key) const {
  Claim claim(open_lock(key));
  detail::lock_file(claim.descriptor_, true, key);
  return claim;
}

}  // namespace t2ue
