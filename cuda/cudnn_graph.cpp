#include <t2ue/cuda/cudnn_graph.hpp>

#include <algorithm>
#include <utility>

namespace t2ue::cuda::cudnn {

namespace {

cudnnDataType_t type_of(DType type) {
  return type == DType::bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

std::string text_of(const TensorFacts& tensor) {
  const auto& [n, c, h, w] = tensor.sizes;
  return concat(name_of(tensor.type), "[", n, ",", h, ",", w, ",", c, "]");
}

/// How many values an attribute has.
int64_t count_of(const Descriptor& descriptor, cudnnBackendAttributeName_t name,
                 cudnnBackendAttributeType_t type) {
  int64_t count = 0;
  check_status(cudnnBackendGetAttribute(descriptor.get(), name, type, 0, &count, nullptr),
               "asking for a count");
  return count;
}

template <class T>
T value_of(const Descriptor& descriptor, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type) {
  T value{};
  int64_t count = 0;
  check_status(cudnnBackendGetAttribute(descriptor.get(), name, type, 1, &count, &value),
               "asking for a value");
  return value;
}

/// The engine configurations that a heuristic recommends, best first; none where it knows none. For the
/// device of the graph's handle if `device` is null.
std::vector<Descriptor> recommended(const Descriptor& graph, cudnnBackendHeurMode_t mode,
                                    const DeviceProperties* device) {
  Descriptor heuristic(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  if (device) heuristic.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device->descriptor());
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode);
  if (cudnnBackendFinalize(heuristic.get()) != CUDNN_STATUS_SUCCESS) return {};
  int64_t count = count_of(heuristic, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR);
  std::vector<Descriptor> found;
  for (int64_t i = 0; i < count; ++i) found.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const Descriptor& descriptor : found) raw.push_back(descriptor.get());
  check_status(cudnnBackendGetAttribute(heuristic.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                        CUDNN_TYPE_BACKEND_DESCRIPTOR, count, &count, raw.data()),
               "asking for engines");
  found.erase(found.begin() + std::min<std::ptrdiff_t>(count, std::ssize(found)), found.end());
  return found;
}

std::vector<cudnnBackendNumericalNote_t> notes_of(const Descriptor& engine) {
  std::vector<cudnnBackendNumericalNote_t> notes(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  int64_t count = 0;
  check_status(cudnnBackendGetAttribute(engine.get(), CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                        CUDNN_TYPE_NUMERICAL_NOTE, std::ssize(notes), &count, notes.data()),
               "asking for an engine's notes");
  notes.resize(static_cast<size_t>(std::min<std::ptrdiff_t>(count, std::ssize(notes))));
  return notes;
}

/// Engines that we never take: they change from run to run, round more than the type does, or (Winograd, FFT)
/// let one pixel's NaN or huge value spoil others.
bool is_unwanted(cudnnBackendNumericalNote_t note) {
  switch (note) {
    case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
    case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
    case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
    case CUDNN_NUMERICAL_NOTE_FFT:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13:
      return true;
    default:
      return false;
  }
}

}  // namespace

void check_status(cudnnStatus_t status, const std::string& what) {
  if (status == CUDNN_STATUS_SUCCESS) [[likely]]
    return;
  std::array<char, 512> more{};
  cudnnGetLastErrorString(more.data(), more.size());
  fail("cudnn", cudnnGetErrorString(status), " when ", what,
       more[0] ? concat(": ", more.data()) : std::string(),
       "; CUDNN_LOGLEVEL_DBG=3 CUDNN_LOGDEST_DBG=stderr prints more");
}

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) {
  cudnnBackendDescriptor_t made = nullptr;
  check_status(cudnnBackendCreateDescriptor(type, &made), "making a descriptor");
  owned_.reset(made);
}

void Descriptor::set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                         const void* values, int64_t count) {
  check_status(cudnnBackendSetAttribute(get(), name, type, count, values),
               concat("setting attribute ", static_cast<int>(name)));
}

void Descriptor::finalize(const std::string& what) {
  check_status(cudnnBackendFinalize(get()), "finalising " + what);
}

DeviceProperties DeviceProperties::of_device(int32_t index) {
  Descriptor made(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  made.set(CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32, index);
  made.finalize(concat("the properties of cuda:", index));
  return DeviceProperties(std::move(made));
}

DeviceProperties DeviceProperties::parse(const std::string& json) {
  Descriptor made(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  made.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, json.data(), std::ssize(json));
  made.finalize("a GPU's properties");
  return DeviceProperties(std::move(made));
}

std::string DeviceProperties::json() const {
  int64_t count = count_of(descriptor_, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR);
  std::string text(static_cast<size_t>(count), ' ');
  check_status(cudnnBackendGetAttribute(descriptor_.get(), CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                                        CUDNN_TYPE_CHAR, count, &count, text.data()),
               "asking for a GPU's properties");
  text.resize(static_cast<size_t>(std::clamp<int64_t>(count, 0, std::ssize(text))));
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

Plan::Plan(Descriptor plan, Descriptor configuration, std::string name, bool tensor_cores)
    : plan_(std::move(plan)),
      configuration_(std::move(configuration)),
      name_(std::move(name)),
      tensor_cores_(tensor_cores) {
  workspace_ = value_of<int64_t>(plan_, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64);
}

void Plan::run(cudnnHandle_t handle, const std::vector<int64_t>& ids, const std::vector<void*>& addresses,
               void* workspace) const {
  Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, ids.data(), std::ssize(ids));
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, addresses.data(),
           std::ssize(addresses));
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace);
  pack.finalize("addresses");
  check_status(cudnnBackendExecute(handle, plan_.get(), pack.get()), "running " + name_);
}

const Descriptor& Graph::tensor(const TensorFacts& facts) {
  const auto known = std::find_if(tensors_.begin(), tensors_.end(),
                                  [&](const auto& named) { return named.first == facts.id; });
  if (known != tensors_.end()) return known->second;
  const auto& [n, c, h, w] = facts.sizes;
  const std::array<int64_t, 4> strides{h * w * c, 1, w * c, c};
  Descriptor made(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  made.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, facts.id);
  made.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type_of(facts.type));
  made.set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, facts.sizes.data(), std::ssize(facts.sizes));
  made.set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, strides.data(), std::ssize(strides));
  made.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, facts.alignment);
  made.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, facts.intermediate);
  made.finalize("tensor " + text_of(facts));
  return tensors_.emplace_back(facts.id, std::move(made)).second;
}

Descriptor Graph::convolution_of(const Window& window) {
  const std::array<int64_t, 2> strides{window.stride, window.stride}, pads{window.pad, window.pad},
      ones{1, 1};
  Descriptor made(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  made.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, int64_t{2});
  made.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
  made.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, CUDNN_CROSS_CORRELATION);
  made.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, strides.data(), 2);
  made.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, pads.data(), 2);
  made.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, pads.data(), 2);
  made.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, ones.data(), 2);
  made.finalize(concat("a window of stride ", window.stride, " and pad ", window.pad));
  return made;
}

void Graph::add_operation(Descriptor operation, const char* what) {
  operation.finalize(what);
  operations_.push_back(std::move(operation));
}

void Graph::convolution(const TensorFacts& x, const TensorFacts& w, const TensorFacts& y,
                        const Window& window) {
  Descriptor made(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, tensor(x));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, tensor(w));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, tensor(y));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, parts_.emplace_back(convolution_of(window)));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1.0f);
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 0.0f);
  add_operation(std::move(made), "a convolution");
}

void Graph::data_gradient(const TensorFacts& dy, const TensorFacts& w, const TensorFacts& dx,
                          const Window& window) {
  Descriptor made(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR);
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, tensor(dy));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, tensor(w));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, tensor(dx));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, parts_.emplace_back(convolution_of(window)));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_FLOAT, 1.0f);
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_FLOAT, 0.0f);
  add_operation(std::move(made), "a convolution's data gradient");
}

void Graph::weight_gradient(const TensorFacts& x, const TensorFacts& dy, const TensorFacts& dw,
                            const Window& window) {
  Descriptor made(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR);
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, tensor(x));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, tensor(dy));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, tensor(dw));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
           parts_.emplace_back(convolution_of(window)));
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_TYPE_FLOAT, 1.0f);
  made.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, CUDNN_TYPE_FLOAT, 0.0f);
  add_operation(std::move(made), "a convolution's weight gradient");
}

void Graph::add(const TensorFacts& a, const TensorFacts& b, const TensorFacts& y) {
  Descriptor sum(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  sum.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, CUDNN_POINTWISE_ADD);
  sum.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT);
  sum.finalize("a sum");
  Descriptor made(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  made.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, parts_.emplace_back(std::move(sum)));
  made.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, tensor(a));
  made.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, tensor(b));
  made.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, tensor(y));
  add_operation(std::move(made), "a sum of tensors");
}

void Graph::finalize(cudnnHandle_t handle) {
  std::vector<cudnnBackendDescriptor_t> operations;
  for (const Descriptor& operation : operations_) operations.push_back(operation.get());
  if (handle) graph_.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle);
  graph_.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, operations.data(),
             std::ssize(operations));
  graph_.finalize(concat("a graph of ", operations.size(), " operation(s)"));
}

int64_t Graph::engines() const {
  return value_of<int64_t>(graph_, CUDNN_ATTR_OPERATIONGRAPH_ENGINE_GLOBAL_COUNT, CUDNN_TYPE_INT64);
}

std::vector<Plan> Graph::plans(cudnnHandle_t handle, const Limits& limits) const {
  return plans_for({.handle = handle}, limits);
}

std::vector<Plan> Graph::plans(const DeviceProperties& device, const Limits& limits) const {
  return plans_for({.device = &device}, limits);
}

std::vector<Plan> Graph::plans_for(const Target& target, const Limits& limits) const {
  std::vector<Plan> found;
  const auto on_tensor_cores = [](const Plan& plan) { return plan.tensor_cores(); };
  for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    for (Descriptor& configuration : recommended(graph_, mode, target.device)) {
      Descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
      cudnnBackendDescriptor_t raw = engine.get();
      int64_t count = 0;
      check_status(cudnnBackendGetAttribute(configuration.get(), CUDNN_ATTR_ENGINECFG_ENGINE,
                                            CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &raw),
                   "asking for an engine");
      const std::vector<cudnnBackendNumericalNote_t> notes = notes_of(engine);
      const bool tensor_cores = std::count(notes.begin(), notes.end(), CUDNN_NUMERICAL_NOTE_TENSOR_CORE) > 0;
      if (std::any_of(notes.begin(), notes.end(), is_unwanted) || (tensor_cores && !limits.tensor_cores))
        continue;
      const bool enough = found.size() == limits.wanted;
      if (enough && !tensor_cores) continue;
      Descriptor made(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      if (target.device)
        made.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, target.device->descriptor());
      else
        made.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, target.handle);
      made.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
      // A heuristic may recommend what cannot be built for this GPU or these sizes: the next one, then.
      if (cudnnBackendFinalize(made.get()) != CUDNN_STATUS_SUCCESS) continue;
      const auto index = value_of<int64_t>(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64);
      Plan plan(std::move(made), std::move(configuration), concat("engine ", index), tensor_cores);
      if (plan.workspace() > limits.workspace) continue;
      if (enough) found.pop_back();
      found.push_back(std::move(plan));
      if (found.size() == limits.wanted &&
          (!limits.tensor_cores || std::any_of(found.begin(), found.end(), on_tensor_cores)))
        return found;
    }
    if (!found.empty()) break;
  }
  return found;
}

}  // namespace t2ue::cuda::cudnn
