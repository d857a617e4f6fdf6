// The start of a classifier's training: random weights, or those of a file.
#pragma once

#include <filesystem>
#include <memory>

#include <t2ue/optim/classifier_file.hpp>
#include <t2ue/training/trainer.hpp>

namespace t2ue {

/// scratch: random weights. finetune: a file's weights, all of which train; the last layer starts at random
/// unless the file has the same classes in the same order. probe: a linear probe on a file's features: a
/// random last layer trains, all else stays as it is, batch norms use the file's statistics.
enum class StartMode : uint8_t { scratch, finetune, probe };

namespace detail {
template <>
struct KindNames<StartMode> {
  static constexpr std::string_view what = "start";
  static constexpr std::array<std::string_view, 3> names = {"scratch", "finetune", "probe"};
};
}  // namespace detail

struct ClassifierStart {
  StartMode mode = StartMode::scratch;
  std::filesystem::path file;  ///< of save_classifier; empty from scratch
};

/// Error unless a file is named where the mode needs one, and only there.
void check_start(const ClassifierStart& start);

/// The classifier of a start file. Error unless it has the architecture of `config` and, where the weights
/// depend on it, its size of pictures.
LoadedClassifier load_start(const std::filesystem::path& file, const ClassifierConfig& config,
                            Device device = {});

/// A trainer of `config` on `data` that begins so. `data` must have a label name an output. Error as in
/// check_start and load_start.
std::unique_ptr<ClassifierTrainer> classifier_trainer(const ClassifierConfig& config,
                                                      const ClassifierStart& start, const TrainRecipe& recipe,
                                                      const PairDataset& data, const Compute& compute = {});

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/classifier_start.inl.hpp>
#endif
