// A training under way, whatever trains: what a loop with progress and checkpoints needs to know of it.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include <t2ue/training/bilevel.hpp>
#include <t2ue/training/trainer.hpp>

namespace t2ue {

/// One part of a job.
class TrainingRun {
 public:
  virtual ~TrainingRun() = default;

  const std::string& part() const { return part_; }    ///< tells it from the job's other parts: "surrogate-0"
  const std::string& label() const { return label_; }  ///< what people are shown: "surrogate"
  /// Whether its last state is wanted again where the job is taken up anew: a later part begins with it.
  virtual bool begins_another() const = 0;

  virtual void advance() = 0;  ///< one unit: a step, or a round
  virtual int64_t units() const = 0;
  virtual int64_t total_units() const = 0;
  bool done() const { return units() >= total_units(); }
  virtual double data_seconds() const = 0;    ///< spent on filling batches
  virtual nlohmann::json losses() const = 0;  ///< of the last unit, by name
  /// A checkpoint, `extra` beside it.
  virtual void save(const std::filesystem::path& file, const nlohmann::json& extra) const = 0;
  /// Goes on from one; returns its `extra`.
  virtual nlohmann::json resume(const std::filesystem::path& file) = 0;

 protected:
  TrainingRun(std::string part, std::string label) : part_(std::move(part)), label_(std::move(label)) {}

 private:
  std::string part_, label_;
};

/// Runs a part to its end.
using TrainingLoop = std::function<void(TrainingRun&)>;

/// Steps of a Trainer.
template <class Model>
class StepsRun final : public TrainingRun {
 public:
  StepsRun(Trainer<Model>& trainer, std::string part, std::string label)
      : TrainingRun(std::move(part), std::move(label)), trainer_(trainer) {}
  bool begins_another() const override { return true; }
  void advance() override { loss_ = trainer_.step(); }
  int64_t units() const override { return trainer_.steps(); }
  int64_t total_units() const override { return trainer_.total_steps(); }
  double data_seconds() const override { return trainer_.data_seconds(); }
  nlohmann::json losses() const override { return {{"loss", loss_}}; }
  void save(const std::filesystem::path& file, const nlohmann::json& extra) const override {
    trainer_.save(file, extra);
  }
  nlohmann::json resume(const std::filesystem::path& file) override { return trainer_.resume(file); }

 private:
  Trainer<Model>& trainer_;
  nlohmann::json loss_;
};

/// Rounds of a BiLevelTrainer.
template <class Model>
class RoundsRun final : public TrainingRun {
 public:
  RoundsRun(BiLevelTrainer<Model>& trainer, const std::string& part)
      : TrainingRun(part, part), trainer_(trainer) {}
  bool begins_another() const override { return false; }
  void advance() override {
    const auto losses = trainer_.round();
    losses_ = {{"surrogate_loss", losses.surrogate}, {"noise_loss", losses.noise}};
  }
  int64_t units() const override { return trainer_.rounds(); }
  int64_t total_units() const override { return trainer_.total_rounds(); }
  double data_seconds() const override { return trainer_.data_seconds(); }
  nlohmann::json losses() const override { return losses_; }
  void save(const std::filesystem::path& file, const nlohmann::json& extra) const override {
    trainer_.save(file, extra);
  }
  nlohmann::json resume(const std::filesystem::path& file) override { return trainer_.resume(file); }

 private:
  BiLevelTrainer<Model>& trainer_;
  nlohmann::json losses_ = {{"surrogate_loss", nullptr}, {"noise_loss", nullptr}};
};

}  // namespace t2ue
