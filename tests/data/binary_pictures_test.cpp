// CIFAR and STL-10 binaries.
#include <sstream>

#include <t2ue/data/records/binary_pictures.hpp>
#include <t2ue/data/records/picture_reader.hpp>

#include "data/readers.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::ElementsAre;
using testing::HasSubstr;

/// A CIFAR record of the given labels, whose pixel (c, y, x) is (c * 100 + y * 3 + x + seed) mod 256.
std::string cifar_record(const std::string& labels, int seed) {
  std::string record = labels;
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < 32; ++y)
      for (int x = 0; x < 32; ++x) record += static_cast<char>(c * 100 + y * 3 + x + seed);
  return record;
}

std::string label(int value) {
  return std::string(1, static_cast<char>(value));
}

void expect_pixels(const Image& image, int seed) {
  ASSERT_EQ(image.height, 32);
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 32; ++x)
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(image.pixels[static_cast<size_t>((y * 32 + x) * 3 + c)],
                  static_cast<uint8_t>(c * 100 + y * 3 + x + seed));
}

TEST(Cifar, Ten) {
  const auto folder = fresh_folder();
  put(folder / "data_batch_2.bin", cifar_record(label(3), 7));
  put(folder / "data_batch_1.bin", cifar_record(label(9), 5) + cifar_record(label(0), 6));
  put(folder / "test_batch.bin", cifar_record(label(1), 8));
  put(folder / "batches.meta.txt",
      "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "cifar10");
  EXPECT_EQ(counts_of(index), "train 3, test 1");
  EXPECT_THAT(keys_of(index), ElementsAre("train-00000", "train-00001", "train-00002", "test-00000"));
  EXPECT_EQ(index.label_of(index.records[0]), "truck");
  EXPECT_EQ(index.label_of(index.records[2]), "cat");
  const PictureReader pictures(index);
  for (size_t i = 0; i < 4; ++i) expect_pixels(pictures.read(i), 5 + static_cast<int>(i));
}

TEST(Cifar, HundredUsesTheFineLabel) {
  const auto folder = fresh_folder();
  put(folder / "train.bin", cifar_record(label(19) + label(99), 5));
  put(folder / "test.bin", cifar_record(label(3) + label(42), 6));
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "cifar100");
  EXPECT_EQ(index.records[0].label, 99);
  EXPECT_EQ(index.label_of(index.records[1]), "42");
  const PictureReader pictures(index);
  expect_pixels(pictures.read(1), 6);
  put(folder / "fine_label_names.txt", "one\ntwo\n");
  expect_error([&] { open_dataset(folder); }, {"fine_label_names.txt", "2 names", "100"});
}

TEST(Cifar, TruncatedEmptyAndOutOfRange) {
  const auto folder = fresh_folder();
  const std::string good = cifar_record(label(1), 0), bad = cifar_record(label(10), 0);
  put(folder / "data_batch_1.bin", good + good.substr(0, 1000));
  expect_error([&] { open_dataset(folder); }, {"data_batch_1.bin", "4073 bytes", "3073", "truncated"});
  put(folder / "data_batch_1.bin", "");
  expect_error([&] { open_dataset(folder); }, {"data_batch_1.bin", "0 bytes"});
  put(folder / "data_batch_1.bin", good + bad + good);
  expect_error([&] { open_dataset(folder); }, {"record 1 (byte 3073)", "class is 10", "0..9"});
  const DatasetIndex rest = open_dataset(folder, skipping());
  EXPECT_THAT(keys_of(rest), ElementsAre("train-00000", "train-00002"));  // numbers stay those of the file
  EXPECT_EQ(rest.bad.count, 1);
  std::istringstream shorter(good);
  IndexBuilder builder("cifar10", {});
  builder.split("train");
  expect_error([&] { add_cifar(shorter, 2 * 3073, "F", {}, 0, 0, 0, builder); }, {"F ends before record 1"});
}

TEST(Stl10, PlanesGoDownTheirColumns) {
  const auto folder = fresh_folder();
  std::string picture;
  for (int c = 0; c < 3; ++c)
    for (int x = 0; x < 96; ++x)
      for (int y = 0; y < 96; ++y) picture += static_cast<char>(c * 50 + y * 5 + x);
  put(folder / "train_X.bin", picture + picture);
  put(folder / "train_y.bin", label(10) + label(1));
  put(folder / "unlabeled_X.bin", picture);
  put(folder / "class_names.txt", "airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n");
  const DatasetIndex index = open_dataset(folder);
  EXPECT_EQ(index.format, "stl10");
  EXPECT_EQ(counts_of(index), "train 2, unlabeled 1");
  EXPECT_EQ(index.label_of(index.records[0]), "truck");
  EXPECT_EQ(index.records[2].label, -1);
  const Image image = PictureReader(index).read(1);
  ASSERT_EQ(image.width, 96);
  for (int y = 0; y < 96; ++y)
    for (int x = 0; x < 96; ++x)
      for (int c = 0; c < 3; ++c)
        ASSERT_EQ(image.pixels[static_cast<size_t>((y * 96 + x) * 3 + c)],
                  static_cast<uint8_t>(c * 50 + y * 5 + x));

  put(folder / "train_y.bin", label(10));
  expect_error([&] { open_dataset(folder); }, {"train_y.bin", "1 classes for 2 pictures"});
  put(folder / "train_y.bin", label(10) + label(0));
  expect_error([&] { open_dataset(folder); }, {"train_y.bin byte 1", "class is 0", "1..10"});
  put(folder / "train_X.bin", picture.substr(1));
  expect_error([&] { open_dataset(folder); }, {"train_X.bin", "27647", "27648"});
  std::filesystem::remove(folder / "train_y.bin");
  put(folder / "train_X.bin", picture);
  expect_error([&] { open_dataset(folder); }, {"cannot open", "train_y.bin"});
}

}  // namespace
