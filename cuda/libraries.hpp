// cuBLASLt and cuDNN, loaded when the first of their functions is called: loading takes 0.3 s, which a
// program that computes on the CPU must not pay, and a machine without a GPU need not have them.
#pragma once

#include <cublasLt.h>
#include <cudnn_graph.h>

#include <atomic>
#include <string>

namespace t2ue::cuda {

enum class Library : uint8_t { cublas_lt, cudnn };

/// Loads a library; why that failed, or "".
const std::string& why_missing(Library library);

/// Where a library has a function. Error if the library cannot be loaded or does not have it.
void* address_in(Library library, const char* function);

/// A function of a library, called like it. Error as from `address_in`.
template <class Signature>
class LibraryFunction;
template <class Result, class... Parameters>
class LibraryFunction<Result(Parameters...)> {
 public:
  constexpr LibraryFunction(Library library, const char* name) : library_(library), name_(name) {}

  Result operator()(Parameters... parameters) {
    void* address = address_.load(std::memory_order_acquire);
    if (!address) address_.store(address = address_in(library_, name_), std::memory_order_release);
    return reinterpret_cast<Result (*)(Parameters...)>(address)(parameters...);
  }

 private:
  Library library_;
  const char* name_;
  std::atomic<void*> address_ = nullptr;
};

// Named as what they call, which they hide in this namespace.
#define T2UE_CUBLASLT(name)                                 \
  inline constinit LibraryFunction<decltype(::name)> name { \
    Library::cublas_lt, #name                               \
  }
T2UE_CUBLASLT(cublasLtCreate);
T2UE_CUBLASLT(cublasLtGetStatusName);
T2UE_CUBLASLT(cublasLtGetStatusString);
T2UE_CUBLASLT(cublasLtGetVersion);
T2UE_CUBLASLT(cublasLtMatmul);
T2UE_CUBLASLT(cublasLtMatmulAlgoGetHeuristic);
T2UE_CUBLASLT(cublasLtMatmulDescCreate);
T2UE_CUBLASLT(cublasLtMatmulDescDestroy);
T2UE_CUBLASLT(cublasLtMatmulDescSetAttribute);
T2UE_CUBLASLT(cublasLtMatmulPreferenceCreate);
T2UE_CUBLASLT(cublasLtMatmulPreferenceDestroy);
T2UE_CUBLASLT(cublasLtMatmulPreferenceSetAttribute);
T2UE_CUBLASLT(cublasLtMatrixLayoutCreate);
T2UE_CUBLASLT(cublasLtMatrixLayoutDestroy);
T2UE_CUBLASLT(cublasLtMatrixLayoutSetAttribute);
#undef T2UE_CUBLASLT

#define T2UE_CUDNN(name)                                    \
  inline constinit LibraryFunction<decltype(::name)> name { \
    Library::cudnn, #name                                   \
  }
T2UE_CUDNN(cudnnBackendCreateDescriptor);
T2UE_CUDNN(cudnnBackendDestroyDescriptor);
T2UE_CUDNN(cudnnBackendExecute);
T2UE_CUDNN(cudnnBackendFinalize);
T2UE_CUDNN(cudnnBackendGetAttribute);
T2UE_CUDNN(cudnnBackendSetAttribute);
T2UE_CUDNN(cudnnCreate);
T2UE_CUDNN(cudnnGetErrorString);
T2UE_CUDNN(cudnnGetLastErrorString);
T2UE_CUDNN(cudnnGetVersion);
T2UE_CUDNN(cudnnSetStream);
#undef T2UE_CUDNN

}  // namespace t2ue::cuda
