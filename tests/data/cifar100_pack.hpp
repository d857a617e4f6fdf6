// CIFAR-100 as its data pack has it: each batch compressed by xz.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace t2ue::testing_data {

/// Unpacks a single .xz.
inline void unpack(const std::filesystem::path& from, const std::filesystem::path& to) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> handle(archive_read_new(), archive_read_free);
  archive_entry* entry = nullptr;
  ASSERT_EQ(archive_read_support_filter_xz(handle.get()), ARCHIVE_OK);
  ASSERT_EQ(archive_read_support_format_raw(handle.get()), ARCHIVE_OK);
  ASSERT_EQ(archive_read_open_filename(handle.get(), from.c_str(), 1 << 16), ARCHIVE_OK);
  ASSERT_EQ(archive_read_next_header(handle.get(), &entry), ARCHIVE_OK);
  std::ofstream out(to, std::ios::binary);
  std::vector<char> bytes(1 << 20);
  for (;;) {
    const la_ssize_t got = archive_read_data(handle.get(), bytes.data(), bytes.size());
    ASSERT_GE(got, 0);
    if (got == 0) break;
    out.write(bytes.data(), got);
  }
  ASSERT_TRUE(out.flush().good());
}

/// The pack's batches and names of classes as CIFAR-100's own archive has them, 184 MB.
inline void unpack_cifar100(const std::filesystem::path& pack, const std::filesystem::path& to) {
  for (const char* name :
       {"train_batch_1", "train_batch_2", "train_batch_3", "train_batch_4", "train_batch_5", "test_batch"})
    unpack(pack / (std::string(name) + ".bin.xz"), to / (std::string(name) + ".bin"));
  std::filesystem::copy(pack / "fine_label_names.txt", to);
}

}  // namespace t2ue::testing_data
