// cuda/gemm.hpp by cuBLASLt. cuBLASLt is column-major: it sees the transpose of a row-major matrix. So it is
// asked for c^T = op(b)^T op(a)^T, with the operands swapped.
#include <t2ue/cuda/gemm.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include <t2ue/cuda/convert.hpp>
#include <t2ue/cuda/runtime.hpp>

namespace t2ue::cuda {

namespace {

/// What NVIDIA recommends for Hopper.
constexpr size_t workspace_bytes = size_t{32} << 20;

std::string text_of(const GemmArgs& args) {
  return concat(args.batch, " x ", name_of(args.out), "[", args.m, ",", args.n, "] = ", name_of(args.in), "[",
                args.m, ",", args.k, "]", args.transpose_a ? "^T" : "", " [", args.k, ",", args.n, "]",
                args.transpose_b ? "^T" : "", ", leading dimensions ", args.lda, ", ", args.ldb, ", ",
                args.ldc, args.bias ? ", with bias" : "");
}

void check_cublas(cublasStatus_t status, const GemmArgs& args, const char* what) {
  check(status == CUBLAS_STATUS_SUCCESS, "gemm", "cuBLASLt: ", cublasLtGetStatusName(status), " (",
        cublasLtGetStatusString(status), ") when asked for ", what, " of ", text_of(args));
}

cudaDataType_t type_of(DType type) {
  return type == DType::bf16 ? CUDA_R_16BF : CUDA_R_32F;
}

/// The largest power of two, up to 256, that divides an address and, for a batch, the distance to the next.
uint32_t alignment_of(const void* address, size_t distance_bytes) {
  const size_t bits = reinterpret_cast<uintptr_t>(address) | distance_bytes | 256;
  return static_cast<uint32_t>(bits & ~(bits - 1));
}

template <class Pointer, auto& destroy>
struct Owned {
  struct Destroy {
    using pointer = Pointer;
    void operator()(Pointer it) const { (void)destroy(it); }
  };
  using Handle = std::unique_ptr<std::remove_pointer_t<Pointer>, Destroy>;
};
using Operation = Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>::Handle;
using Layout = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>::Handle;
using Preference = Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>::Handle;

/// Alignments, in bytes, of b, a, c and the bias (0: none).
using Alignment = std::array<uint32_t, 4>;

/// Descriptors and algorithm of one kind of product, made once. Only the addresses change between calls.
class Product {
 public:
  Product(const GemmArgs& args, cublasLtHandle_t handle, const void* bias, bool tf32,
          const Alignment& alignment)
      : args_(args) {
    const cublasComputeType_t compute =
        args.in == DType::f32 && tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    cublasLtMatmulDesc_t operation = nullptr;
    check_cublas(cublasLtMatmulDescCreate(&operation, compute, CUDA_R_32F), args, "a description");
    operation_.reset(operation);
    // What lies in memory as rows is the transpose of what cuBLASLt sees as columns: the flags stay.
    set(CUBLASLT_MATMUL_DESC_TRANSA, args.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, args.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    if (bias) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
      set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, static_cast<int32_t>(type_of(args.out)));
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    }
    b_ = args.transpose_b ? layout(args.in, args.k, args.n, args.ldb, args.stride_b)
                          : layout(args.in, args.n, args.k, args.ldb, args.stride_b);
    a_ = args.transpose_a ? layout(args.in, args.m, args.k, args.lda, args.stride_a)
                          : layout(args.in, args.k, args.m, args.lda, args.stride_a);
    c_ = layout(args.out, args.n, args.m, args.ldc, args.stride_c);
    choose(handle, alignment);
  }

  bool has_algorithm() const { return has_algorithm_; }

  void run(cublasLtHandle_t handle, const GemmArgs& args, const void* bias, Stream stream) {
    if (bias) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    void* workspace = chosen_.workspaceSize > 0 ? scratch(workspace_bytes, stream, gemm_workspace) : nullptr;
    check_cublas(cublasLtMatmul(handle, operation_.get(), &args.alpha, args.b, b_.get(), args.a, a_.get(),
                                &args.beta, args.c, c_.get(), args.c, c_.get(), &chosen_.algo, workspace,
                                workspace ? workspace_bytes : 0, static_cast<cudaStream_t>(stream)),
                 args, "the product");
  }

 private:
  template <class T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    check_cublas(cublasLtMatmulDescSetAttribute(operation_.get(), attribute, &value, sizeof value), args_,
                 "a description");
  }

  Layout layout(DType type, int64_t rows, int64_t columns, int64_t leading, int64_t stride) {
    cublasLtMatrixLayout_t made = nullptr;
    check_cublas(cublasLtMatrixLayoutCreate(&made, type_of(type), static_cast<uint64_t>(rows),
                                            static_cast<uint64_t>(columns), leading),
                 args_, "a layout");
    Layout owned(made);
    if (args_.batch == 1) return owned;
    const auto count = static_cast<int32_t>(args_.batch);
    check_cublas(
        cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count),
        args_, "a layout");
    check_cublas(cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride,
                                                  sizeof stride),
                 args_, "a layout");
    return owned;
  }

  void choose(cublasLtHandle_t handle, const Alignment& alignment) {
    cublasLtMatmulPreference_t made = nullptr;
    check_cublas(cublasLtMatmulPreferenceCreate(&made), args_, "preferences");
    const Preference preference(made);
    const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
      check_cublas(cublasLtMatmulPreferenceSetAttribute(made, attribute, &value, sizeof value), args_,
                   "preferences");
    };
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<uint64_t>(workspace_bytes));
    // Parts of a long sum meet in fp32, in a second pass of fixed order: neither the rounding of bf16 nor the
    // order of arrival enters the result.
    prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
           static_cast<uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment[0]);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment[1]);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment[2]);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment[2]);
    int found = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
        handle, operation_.get(), b_.get(), a_.get(), c_.get(), c_.get(), made, 1, &chosen_, &found);
    if (status != CUBLAS_STATUS_NOT_SUPPORTED) check_cublas(status, args_, "an algorithm");
    has_algorithm_ = status == CUBLAS_STATUS_SUCCESS && found > 0;
  }

  GemmArgs args_;
  Operation operation_;
  Layout b_, a_, c_;
  cublasLtMatmulHeuristicResult_t chosen_{};
  bool has_algorithm_ = false;
};

using Key = std::pair<std::array<int64_t, 16>, Alignment>;

struct Products {
  std::mutex mutex;
  std::map<Key, std::unique_ptr<Product>> known;
};
Products& products() {
  static Products& all = *new Products;  // cuBLASLt may be gone before static objects are
  return all;
}

void check_args(const GemmArgs& args) {
  check(args.in == DType::f32 || args.in == DType::bf16, "gemm", "multiplies f32 or bf16, got ",
        name_of(args.in));
  check(args.out == DType::f32 || (args.out == DType::bf16 && args.in == DType::bf16), "gemm", "gives f32, ",
        "and of bf16 operands bf16 too; got ", text_of(args));
  check(args.k > 0, "gemm", "the sum has no terms: ", text_of(args));
  check(args.batch <= std::numeric_limits<int32_t>::max(), "gemm", "at most 2^31 - 1 products, got ",
        args.batch);
}

/// False, with c untouched, where cuBLASLt has no algorithm.
bool multiply(const GemmArgs& args, Stream stream) {
  Gpu& gpu = Gpu::of(stream);

  // cuBLASLt wants the bias in the type of the result.
  const void* bias = args.bias;
  if (args.bias && args.out == DType::bf16) {
    void* rounded = scratch(static_cast<size_t>(args.n) * size_of(DType::bf16), stream, gemm_bias);
    convert(args.bias, DType::f32, rounded, DType::bf16, args.n, false, stream);
    bias = rounded;
  }

  const auto step = [&](int64_t stride, DType type) {
    return args.batch > 1 ? static_cast<size_t>(stride) * size_of(type) : 0;
  };
  const Alignment alignment{
      alignment_of(args.b, step(args.stride_b, args.in)), alignment_of(args.a, step(args.stride_a, args.in)),
      alignment_of(args.c, step(args.stride_c, args.out)), bias ? alignment_of(bias, 0) : 0};
  const bool low = args.in == DType::f32 && tf32();
  const Key key{{gpu.index(), args.transpose_a, args.transpose_b, args.m, args.n, args.k, args.lda, args.ldb,
                 args.ldc, static_cast<int64_t>(args.in), static_cast<int64_t>(args.out), args.batch,
                 args.stride_a, args.stride_b, args.stride_c, low},
                alignment};
  const std::lock_guard lock(products().mutex);
  std::unique_ptr<Product>& product = products().known[key];
  if (!product) product = std::make_unique<Product>(args, gpu.cublas_lt(), bias, low, alignment);
  if (product->has_algorithm()) product->run(gpu.cublas_lt(), args, bias, stream);
  return product->has_algorithm();
}

}  // namespace

void gemm(const GemmArgs& args, Stream stream) {
  if (args.m == 0 || args.n == 0 || args.batch == 0) return;
  check_args(args);
  const CurrentDevice current(Gpu::of(stream).index());
  if (multiply(args, stream)) return;
  // Of sizes that it does not take with a bias, the product alone may do.
  GemmArgs alone = args;
  alone.bias = nullptr;
  const bool packed = args.ldc == args.n && (args.batch == 1 || args.stride_c == args.m * args.n);
  check(args.bias && packed && multiply(alone, stream), "gemm", "cuBLASLt has no algorithm for ",
        text_of(args));
  add_to_rows(args.c, args.out, args.bias, args.batch * args.m, args.n, stream);
}

}  // namespace t2ue::cuda
