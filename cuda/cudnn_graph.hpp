// cuDNN 9's backend C API, as far as convolutions need it: operation graphs over NHWC tensors, and the plans
// that run them. A graph can be made and checked without a GPU; plans need one.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <t2ue/core/dtype.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/cuda/libraries.hpp>

namespace t2ue::cuda::cudnn {

/// Error with the status' name, what cuDNN adds to it, and `what` was being done.
void check_status(cudnnStatus_t status, const std::string& what);

/// Owns one of cuDNN's descriptors.
class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type);

  template <class T>
  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const T* values,
           int64_t count) {
    set_raw(name, type, values, count);
  }
  template <class T>
  void set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const T& value) {
    set_raw(name, type, &value, 1);
  }
  void set(cudnnBackendAttributeName_t name, const Descriptor& value) {
    set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, value.get());
  }
  /// `what` is what an error calls it.
  void finalize(const std::string& what);
  cudnnBackendDescriptor_t get() const { return owned_.get(); }

 private:
  struct Destroy {
    void operator()(void* descriptor) const { (void)cudnnBackendDestroyDescriptor(descriptor); }
  };
  void set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const void* values,
               int64_t count);
  std::unique_ptr<void, Destroy> owned_;
};

/// A tensor of the graph: its name in `Plan::run`, its type, and its sizes as N, C, H, W, whatever the
/// layout: in memory it is [N,H,W,C]. Weights [K,R,S,C] are N = K, C, H = R, W = S.
struct TensorFacts {
  int64_t id = 0;
  DType type = DType::f32;
  std::array<int64_t, 4> sizes{};
  int64_t alignment = 16;     ///< bytes that divide its address
  bool intermediate = false;  ///< within the graph only: never in memory
};

/// What a convolution needs besides its tensors.
struct Window {
  int64_t stride = 1, pad = 0;
};

/// What engines may do.
struct Limits {
  bool tensor_cores = true;  ///< for f32 operands that means TF32
  int64_t workspace = 0;     ///< bytes
  size_t wanted = 1;         ///< that many plans at most
};

/// What cuDNN knows of a GPU. With it plans are made, and so heuristics checked, on a machine that has no
/// such GPU; only running them needs one.
class DeviceProperties {
 public:
  /// Of a device of this machine. Error if it cannot be used.
  static DeviceProperties of_device(int32_t index);
  /// From what `json` gave. Error that names what is missing.
  static DeviceProperties parse(const std::string& json);
  std::string json() const;
  const Descriptor& descriptor() const { return descriptor_; }

 private:
  explicit DeviceProperties(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

/// One way to run a graph.
class Plan {
 public:
  Plan(Descriptor plan, Descriptor configuration, std::string name, bool tensor_cores);
  int64_t workspace() const { return workspace_; }
  const std::string& name() const { return name_; }
  bool tensor_cores() const { return tensor_cores_; }
  /// Queues it on the handle's stream. ids and addresses go together, one for each tensor in memory.
  void run(cudnnHandle_t handle, const std::vector<int64_t>& ids, const std::vector<void*>& addresses,
           void* workspace) const;

 private:
  Descriptor plan_, configuration_;
  std::string name_;
  int64_t workspace_ = 0;
  bool tensor_cores_ = false;
};

/// A graph of operations. Every function that adds one throws Error if cuDNN refuses it.
class Graph {
 public:
  /// y = x * w, dx from dy and w, dw from x and dy; all accumulate in f32.
  void convolution(const TensorFacts& x, const TensorFacts& w, const TensorFacts& y, const Window& window);
  void data_gradient(const TensorFacts& dy, const TensorFacts& w, const TensorFacts& dx,
                     const Window& window);
  void weight_gradient(const TensorFacts& x, const TensorFacts& dy, const TensorFacts& dw,
                       const Window& window);
  /// y = a + b in f32; sizes of 1 in b are repeated.
  void add(const TensorFacts& a, const TensorFacts& b, const TensorFacts& y);

  /// Ends the graph. Without a handle it is checked only, and can have no plans.
  void finalize(cudnnHandle_t handle = nullptr);
  /// How many engines know the pattern; of them fewer run it on a given GPU.
  int64_t engines() const;
  /// Plans in the order in which cuDNN's heuristics recommend them, only of engines that give the same bits
  /// at every run, compute in the operands' precision and keep NaN where it belongs. Where tensor cores may
  /// be used, the last gives way to the first plan that uses them if none of the others does. Empty if there
  /// are none.
  std::vector<Plan> plans(cudnnHandle_t handle, const Limits& limits) const;
  /// The plans that such a GPU would be given. None of them can be run.
  std::vector<Plan> plans(const DeviceProperties& device, const Limits& limits) const;

 private:
  /// What plans are made for: one of both.
  struct Target {
    cudnnHandle_t handle = nullptr;
    const DeviceProperties* device = nullptr;
  };
  std::vector<Plan> plans_for(const Target& target, const Limits& limits) const;
  const Descriptor& tensor(const TensorFacts& facts);
  Descriptor convolution_of(const Window& window);
  void add_operation(Descriptor operation, const char* what);

  std::vector<std::pair<int64_t, Descriptor>> tensors_;
  std::vector<Descriptor> parts_;  ///< what operations refer to
  std::vector<Descriptor> operations_;
  Descriptor graph_{CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR};
};

}  // namespace t2ue::cuda::cudnn
