// The folder of a benchmark: finished cells, and claims that keep processes out of each other's way.
//
//   cells/KEY.json    one finished or failed cell; written whole or not at all
//   locks/KEY         held by the process that works on KEY; a dead process holds nothing
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Sole right to one key while it lives, among all processes that share the folder.
class Claim {
 public:
  Claim(Claim&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  Claim& operator=(Claim&&) = delete;
  ~Claim();

 private:
  friend class BenchStore;
  explicit Claim(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

class BenchStore {
 public:
  /// Makes the folder if it is not there. Error if it cannot be made or holds something else.
  explicit BenchStore(std::filesystem::path folder);

  /// The result of a cell; nothing if it is not done. Error for a file that is no result of ours.
  std::optional<nlohmann::json> find(const std::string& key) const;
  /// Puts a cell's result in its place, whole.
  void put(const std::string& key, const nlohmann::json& result);
  /// Takes the key, or nothing if another process has it.
  std::optional<Claim> try_claim(const std::string& key) const;
  /// Waits until the key is free and takes it.
  Claim claim(const std::string& key) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path cell_file(const std::string& key) const;
  int open_lock(const std::string& key) const;
  std::filesystem::path folder_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/store.inl.hpp>
#endif
