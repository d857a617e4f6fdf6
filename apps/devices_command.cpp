// `t2ue devices`: which devices can compute here, and why CUDA cannot if it cannot.
#include <fmt/core.h>
#include <omp.h>

#if T2UE_FAST_CPU
#include <dnnl.h>
#endif
#if T2UE_HAS_CUDA
#include <t2ue/cuda/discovery.hpp>
#endif

#include <t2ue/core/backend.hpp>

#include "commands.hpp"

namespace t2ue::apps {

namespace {

nlohmann::json cpu_facts() {
  nlohmann::json cpu{{"device", "cpu"}, {"threads", omp_get_max_threads()}, {"onednn", nullptr}};
#if T2UE_FAST_CPU
  const dnnl_version_t* version = dnnl_version();
  cpu["onednn"] = concat(version->major, '.', version->minor, '.', version->patch);
#endif
  return cpu;
}

/// devices: the GPUs. libraries: null in a build without CUDA. problem: null if the first GPU works.
nlohmann::json cuda_facts() {
  nlohmann::json found{{"devices", nlohmann::json::array()}, {"libraries", nullptr}, {"problem", nullptr}};
#if T2UE_HAS_CUDA
  for (const cuda::DeviceFacts& gpu : cuda::discover().devices)
    found["devices"].push_back({{"device", concat("cuda:", gpu.index)},
                                {"name", gpu.name},
                                {"memory_bytes", gpu.memory},
                                {"compute_capability", concat(gpu.major, '.', gpu.minor)},
                                {"multiprocessors", gpu.multiprocessors}});
  const cuda::LibraryVersions versions = cuda::library_versions();
  found["libraries"] = {{"driver", versions.driver},
                        {"runtime", versions.runtime},
                        {"cublas_lt", versions.cublas_lt},
                        {"cudnn", versions.cudnn}};
#endif
  if (const std::string problem = why_no_cuda(); !problem.empty()) found["problem"] = problem;
  return found;
}

std::string gigabytes(size_t bytes) {
  return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

std::string text_of(const nlohmann::json& cpu, const nlohmann::json& cuda) {
  const auto word = [](const nlohmann::json& value) { return value.get<std::string>(); };
  std::string text = concat("cpu     ", cpu.at("threads").get<int>(), " threads, ",
                            cpu.at("onednn").is_null() ? "no oneDNN" : "oneDNN " + word(cpu.at("onednn")));
  for (const nlohmann::json& gpu : cuda.at("devices"))
    text += concat("\n", word(gpu.at("device")), "  ", word(gpu.at("name")), ", ",
                   gigabytes(gpu.at("memory_bytes").get<size_t>()), ", compute capability ",
                   word(gpu.at("compute_capability")), ", ", gpu.at("multiprocessors").get<int>(),
                   " multiprocessors");
  if (const nlohmann::json& libraries = cuda.at("libraries"); !libraries.is_null())
    text +=
        concat("\nCUDA    driver ", word(libraries.at("driver")), ", runtime ", word(libraries.at("runtime")),
               ", cuBLASLt ", word(libraries.at("cublas_lt")), ", cuDNN ", word(libraries.at("cudnn")));
  if (!cuda.at("problem").is_null()) text += "\nCUDA is not used: " + word(cuda.at("problem"));
  return text;
}

}  // namespace

void add_devices(CLI::App& app, Globals& globals) {
  CLI::App& command =
      add_command(app, "devices", "List what can compute here, and why CUDA is not used where it is not",
                  "devices --json", globals);
  command.callback([&globals] {
    globals.action = [] {
      const nlohmann::json cpu = cpu_facts(), cuda = cuda_facts();
      return Result{{{"cpu", cpu}, {"cuda", cuda}}, text_of(cpu, cuda), 0};
    };
  });
}

}  // namespace t2ue::apps
