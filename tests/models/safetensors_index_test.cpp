// The index of weights in several files: which are refused, and with which words.
#include <gtest/gtest.h>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/models/weights/safetensors_index.hpp>

#include "errors.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;

struct SafetensorsIndex : testing::Test {
  std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "safetensors_index";
  std::filesystem::path index = folder / "model.safetensors.index.json";

  /// Two files: x and y in the first, z in the second.
  SafetensorsIndex() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const std::vector<float> one{1, 2}, two{3}, three{4};
    SafetensorsWriter first, second;
    first.add<float>("x", {2}, one);
    first.add<float>("y", {1}, two);
    first.save(folder / "a.safetensors", {{"format", "pt"}, {"part", "first"}});
    second.add<float>("z", {1}, three);
    second.save(folder / "b.safetensors", {{"part", "second"}});
  }
  void refused(const std::string& json, const std::vector<std::string>& parts) const {
    write_file(index, std::string_view(json));
    expect_error([&] { open_safetensors(index); }, parts);
  }
};

TEST_F(SafetensorsIndex, JoinsItsFiles) {
  write_file(
      index,
      R"({"metadata":{"total_size":16},"weight_map":{"x":"a.safetensors","z":"b.safetensors","y":"a.safetensors"}})");
  const SafetensorsFile file = open_safetensors(index);
  EXPECT_EQ(file.tensors().size(), 3U);
  EXPECT_EQ(file.at("x").values<float>(), (std::vector<float>{1, 2}));
  EXPECT_EQ(file.at("y").values<float>(), std::vector<float>{3});
  EXPECT_EQ(file.at("z").values<float>(), std::vector<float>{4});
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.metadata().at("part"), "first");
  EXPECT_EQ(open_safetensors(folder / "b.safetensors").tensors().size(), 1U);
}

TEST_F(SafetensorsIndex, ThatIsNoneIsRefused) {
  refused("", {index, "not valid JSON"});
  refused("[]", {index, "weight_map"});
  refused("{}", {index, "weight_map"});
  refused(R"({"weight_map":[]})", {index, "weight_map"});
  refused(R"({"weight_map":{}})", {index, "lists no tensors"});
  refused(R"({"weight_map":{"x":7}})", {index, "no file name for the tensor \"x\""});
  refused(R"({"weight_map":{"x":"a.safetensors","x":"b.safetensors"}})", {"the index has \"x\" twice"});
  refused(R"({"metadata":[[[1]]],"weight_map":{}})", {"nested too deeply"});
  expect_error([&] { open_safetensors(folder / "absent.json"); }, {"absent.json"});
}

TEST_F(SafetensorsIndex, ReachesOnlyItsOwnFolder) {
  for (const char* file : {"../a.safetensors", "/tmp/a.safetensors", "sub/a.safetensors",
                           "..\\\\a.safetensors", "a.safetensors\\u0000.safetensors", ".."})
    refused(concat(R"({"weight_map":{"x":")", file, "\"}}"), {index, "\"x\" is said to be in"});
  refused(R"({"weight_map":{"x":"model-00001-of-00002.bin"}})",
          {"model-00001-of-00002.bin", "no .safetensors file"});
}

TEST_F(SafetensorsIndex, AndItsFilesMustAgree) {
  const std::string both = R"({"weight_map":{"x":"a.safetensors","y":"a.safetensors",)";
  refused(both + R"("z":"c.safetensors"}})", {index, "c.safetensors", "not there"});
  refused(both + R"("z":")" + std::string(300, 'c') + R"(.safetensors"}})", {index, "not there"});
  refused(both + R"("z":"b.safetensors","w":"b.safetensors"}})",
          {index, "\"w\" is in b.safetensors, which does not hold it"});
  refused(R"({"weight_map":{"x":"a.safetensors"}})", {index, "holds the tensor \"y\"", "nowhere"});
  refused(R"({"weight_map":{"x":"a.safetensors","y":"b.safetensors","z":"b.safetensors"}})",
          {index, "a.safetensors holds the tensor \"y\"", "in b.safetensors"});
  std::filesystem::copy(folder / "a.safetensors", folder / "c.safetensors");
  refused(both + R"("z":"c.safetensors"}})", {"c.safetensors holds the tensor \"x\"", "in a.safetensors"});
  std::filesystem::resize_file(folder / "b.safetensors", 20);
  refused(both + R"("z":"b.safetensors"}})", {"b.safetensors", "header"});
}

}  // namespace
}  // namespace t2ue
