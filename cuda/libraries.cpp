#include <t2ue/cuda/libraries.hpp>

#include <dlfcn.h>

#include <array>
#include <t2ue/core/error.hpp>

#define T2UE_TEXT_OF(x) #x
#define T2UE_TEXT(x) T2UE_TEXT_OF(x)

namespace t2ue::cuda {

namespace {

/// What a library's file is called, for the major version that t2ue was built with, and the folder that it
/// was found in then.
struct Place {
  const char *name, *file, *folder;
};
constexpr Place place_of(Library library) {
  if (library == Library::cudnn) return {"cuDNN", "libcudnn.so." T2UE_TEXT(CUDNN_MAJOR), T2UE_CUDNN_FOLDER};
  return {"cuBLASLt", "libcublasLt.so." T2UE_TEXT(CUBLAS_VER_MAJOR), T2UE_CUBLASLT_FOLDER};
}

/// Never unloaded: their threads and handles live until the process ends.
struct Loaded {
  explicit Loaded(const Place& place) {
    handle = dlopen(place.file, RTLD_LAZY | RTLD_LOCAL);
    if (handle) return;
    problem = dlerror();
    handle = dlopen(concat(place.folder, '/', place.file).c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle) problem.clear();
  }
  void* handle = nullptr;
  std::string problem;
};
const Loaded& loaded(Library library) {
  if (library == Library::cudnn) {
    static const Loaded& cudnn = *new Loaded(place_of(Library::cudnn));
    return cudnn;
  }
  static const Loaded& cublas_lt = *new Loaded(place_of(Library::cublas_lt));
  return cublas_lt;
}

}  // namespace

const std::string& why_missing(Library library) {
  return loaded(library).problem;
}

void* address_in(Library library, const char* function) {
  const Place place = place_of(library);
  check(loaded(library).handle != nullptr, "cuda", place.name, " cannot be loaded: ", why_missing(library),
        "; install it, or put its folder into LD_LIBRARY_PATH");
  void* address = dlsym(loaded(library).handle, function);
  check(address != nullptr, "cuda", place.file, " has no ", function,
        "; install the version that t2ue was built with, or a later one of the same major version");
  return address;
}

}  // namespace t2ue::cuda
