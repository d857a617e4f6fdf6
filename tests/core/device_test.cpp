#include <gtest/gtest.h>

#include <errors.hpp>
#include <t2ue/core/register_backend.hpp>
#include <t2ue/core/tensor.hpp>

using namespace t2ue;

TEST(Device, NamesAreParsed) {
  EXPECT_EQ(parse_device("cpu"), Device{});
  const Device found = parse_device("auto");
  EXPECT_TRUE(found == Device{} || found == (Device{DeviceKind::cuda, 0}));
  EXPECT_NO_THROW(Tensor({1}, DType::f32, found)) << "auto names a device that works";
  EXPECT_EQ(parse_device("cuda:3"), (Device{DeviceKind::cuda, 3}));
  for (const char* bad : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:99999", ""})
    EXPECT_THROW(parse_device(bad), Error) << bad;
}

TEST(Device, ACudaDeviceThatIsNotThereSaysWhy) {
  try {
    Tensor({1}, DType::f32, {DeviceKind::cuda, 99});
    FAIL() << "made a tensor on cuda:99";
  } catch (const Error& error) {
    const std::string what = error.what();
    const char* reason = !T2UE_HAS_CUDA                                  ? "no CUDA backend"
                         : parse_device("auto").kind == DeviceKind::cuda ? "there is no cuda:99"
                                                                         : "CUDA cannot be used: ";
    EXPECT_NE(what.find(reason), std::string::npos) << what;
  }
}

TEST(Device, ABackendOfOnesOwnBecomesADevice) {
  Backend backend = cpu_reference_backend();
  backend.kernels.name = "mine";
  const Device device = add_backend(backend);
  EXPECT_EQ(backend_of(device).kernels.name, std::string("mine"));
  EXPECT_EQ(Tensor::zeros({2}, DType::f32, device).to_vector<float>(), (std::vector<float>{0, 0}));
  EXPECT_THROW(backend_of({DeviceKind::added, 1000}), Error);
}

TEST(Device, ARegisteredBackendIsThatOfItsKind) {
  static const std::string working;
  const auto backend = [](int index) -> const Backend& {
    check(index == 0, "device", "there is no cuda:", index, " here");
    return cpu_reference_backend();
  };
  const auto second = [=] {
    register_backend(DeviceKind::cuda, {backend, []() -> const std::string& { return working; }});
  };
  // In a process of its own: a backend is registered for good.
  const auto first = [=] {
    if (!T2UE_HAS_CUDA) second();
    testing_errors::expect_error(second, {"cuda has a backend already"});
    if (!T2UE_HAS_CUDA) {
      EXPECT_EQ(why_no_cuda(), "");
      EXPECT_EQ(parse_device("auto"), (Device{DeviceKind::cuda, 0}));
      EXPECT_EQ(&backend_of({DeviceKind::cuda, 0}), &cpu_reference_backend());
      testing_errors::expect_error([] { (void)backend_of({DeviceKind::cuda, 7}); }, {"there is no cuda:7"});
    }
    std::exit(testing::Test::HasFailure() ? 1 : 0);
  };
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(first(), testing::ExitedWithCode(0), "");
  testing_errors::expect_error(
      [&] {
        register_backend(DeviceKind::cpu, {backend, nullptr});
      },
      {"registered for cuda, not for cpu"});
  testing_errors::expect_error(
      [&] {
        register_backend(DeviceKind::cuda, {backend, nullptr});
      },
      {"lacks a function"});
}

TEST(Precision, OfABackendThatLacksItIsNamed) {
  EXPECT_NO_THROW(check_precision(cpu_backend(), Precision::fp32));
  for (const Precision precision : {Precision::bf16, Precision::tf32}) {
    try {
      check_precision(cpu_backend(), precision);
      FAIL() << name_of(precision);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(name_of(precision)), std::string::npos) << error.what();
    }
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
