#include <gtest/gtest.h>

#include <t2ue/core/tensor.hpp>

using namespace t2ue;

TEST(Device, NamesAreParsed) {
  EXPECT_EQ(parse_device("cpu"), Device{});
  EXPECT_EQ(parse_device("auto"), Device{});
  EXPECT_EQ(parse_device("cuda:3"), (Device{DeviceKind::cuda, 3}));
  for (const char* bad : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:99999", ""})
    EXPECT_THROW(parse_device(bad), Error) << bad;
}

TEST(Device, CudaSaysThatItIsNotBuilt) {
  try {
    Tensor({1}, DType::f32, {DeviceKind::cuda, 0});
    FAIL() << "made a CUDA tensor without CUDA";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no CUDA backend"), std::string::npos) << error.what();
  }
}

TEST(Tensor, TypesAndSizesAreChecked) {
  Tensor tensor = Tensor::of(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(tensor.slice(2, {2, 2}).to_vector<float>(), (std::vector<float>{3, 4, 5, 6}));
  EXPECT_THROW(tensor.slice(3, {2, 2}), Error);
  EXPECT_THROW(tensor.to_vector<int32_t>(), Error);
  EXPECT_THROW(tensor.assign(std::vector<float>{1}), Error);
  EXPECT_THROW(tensor.item(), Error);
  EXPECT_THROW((Shape{1, 2, 3, 4, 5, 6}), Error);
  EXPECT_EQ(Tensor::zeros({2}).to_vector<float>(), (std::vector<float>{0, 0}));
}
