// The order of the demo's steps.
#include "demo.hpp"

#include <t2ue/core/folders.hpp>

namespace t2ue::apps {

nlohmann::json to_json(const DemoRecipe& r) {
  const auto recipe = [](const TrainRecipe& training) {
    nlohmann::json json = t2ue::to_json(training);
    json.erase("seed");
    return json;
  };
  const RenderRecipe& d = r.render;
  const auto& classifier = std::get<ResNetConfig>(r.classifier.architecture);
  return {{"size", r.size},
          {"renderings", r.renderings},
          {"validation_share", r.validation_share},
          {"render",
           {{"scale", {d.scale_low, d.scale_high}},
            {"position", d.position},
            {"opacity", {d.opacity_low, d.opacity_high}},
            {"colour", {d.colour_low, d.colour_high}},
            {"gradient", d.gradient},
            {"noise", d.noise},
            {"noise_cells", d.noise_cells},
            {"saturation", d.saturation},
            {"tint", {d.tint_low, d.tint_high}},
            {"contrast", {d.contrast_low, d.contrast_high}},
            {"brightness", d.brightness}}},
          {"clip", t2ue::to_json(r.clip)},
          {"clip_victim", recipe(r.clip_victim)},
          {"classifier", {{"widths", classifier.widths}, {"blocks", classifier.blocks}}},
          {"classifier_victim", recipe(r.classifier_victim)}};
}

Demo::Demo(DemoRecipe recipe, DemoOptions options)
    : recipe_(std::move(recipe)),
      options_(std::move(options)),
      // The pictures, then in both halves the clean row and, for each budget, a generator and three rows.
      lines_(1 + 2 * (1 + 4 * static_cast<int>(recipe_.eps_steps.size()))) {
  for (TrainRecipe* training : {&recipe_.clip_victim, &recipe_.classifier_victim,
                                &recipe_.image_text_surrogate, &recipe_.class_surrogate})
    training->seed = recipe_.seed;
  // Surrogates start from other weights than victims do.
  recipe_.image_text_surrogate.seed = recipe_.class_surrogate.seed = recipe_.seed + 1000;
}

std::shared_ptr<ProgressBar> Demo::bar(const std::string& label, int64_t total, const std::string& unit) {
  return std::make_shared<ProgressBar>(ProgressLine(label, total, unit), options_.progress);
}

VictimTask Demo::task(const std::shared_ptr<ProgressBar>& progress) {
  VictimTask task;
  task.test = &test_;
  task.validation = &validation_;
  task.compute = options_.compute;
  task.progress = [progress](int64_t done, int64_t, double waiting) { progress->update(done, waiting); };
  return task;
}

std::string Demo::run() {
  const auto started = std::chrono::steady_clock::now();
  check(!std::filesystem::exists(options_.out) || std::filesystem::is_empty(options_.out), "demo",
        options_.out, " is already there and not empty; remove it or choose another --out");
  make_folder(options_.out / "pictures");
  lines_.start("pictures", "draw and read them");
  make_pictures();
  load_pictures();
  lines_.end(concat(train_.count(), " to train on, ", validation_.count(), " to choose the epoch, ",
                    test_.count(), " to test"));
  image_text();
  class_wise();
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return report();
}

}  // namespace t2ue::apps
