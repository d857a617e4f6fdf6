// A method as the registry has it: what it promises, its options, how it is made and, where it is trained for
// a data set, how. One of your own is the same; examples/your_method shows it:
//
//   struct Options {
//     int eps_steps = 8;
//     void fields(FieldList& f) { f("eps_steps", eps_steps, in_range(1, 127), "Largest change in steps of
//     1/255"); }
//   };
//   register_method(method_entry<Options>(card, {}, [](const Options& options, const MethodRequest& request)
//   {
//     return noise_method<MyNoise>(request.facts.height, request.facts.width, options.eps_steps);
//   }));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <t2ue/core/compute.hpp>
#include <t2ue/core/config.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/methods/caption_features.hpp>
#include <t2ue/methods/one_pixel.hpp>
#include <t2ue/methods/train_context.hpp>
#include <t2ue/noise/noise_source.hpp>
#include <t2ue/noise/picture_transform.hpp>

namespace t2ue {

/// What a method may want to know about the data set that it protects. Only what its card asks for is read.
struct MethodFacts {
  int height = 32, width = 32;                          ///< of the pictures that the noise is for
  std::vector<std::string> label_names;                 ///< the classes; NoiseItem::label counts them
  std::vector<std::string> captions;                    ///< of the pictures to be protected
  CaptionFeatures features;                             ///< for the option features = given
  std::shared_ptr<const OnePixelStatistics> one_pixel;  ///< of the pictures to be protected
  std::vector<NoiseItem> items;                         ///< all of them: what `shuffled` shuffles over
  Compute compute;
};

/// A method at work: noise or a transform, as its card's `additive` says.
struct Method {
  std::shared_ptr<NoiseSource> noise;
  std::shared_ptr<PictureTransform> transform;
  /// By key: words that are published in front of the captions; empty where captions stay as they are.
  std::unordered_map<std::string, std::string> triggers = {};
  const MethodCard& card() const { return noise ? noise->card() : transform->card(); }
};

/// A method that is a NoiseSource, made with these arguments.
template <class Source, class... Arguments>
Method noise_method(Arguments&&... arguments) {
  return {std::make_shared<Source>(std::forward<Arguments>(arguments)...), nullptr};
}

/// What a method is made from, beside its options.
struct MethodRequest {
  const std::string& name;      ///< the method's: where its errors begin
  const nlohmann::json& given;  ///< the options that were given, without defaults
  const MethodFacts& facts;

  bool has(const std::string& option) const;  ///< whether it was given
  /// The number of classes; Error if the data set has none.
  int classes() const;
  /// Error if the data set has none.
  const std::vector<std::string>& captions() const;
};

/// An option as people see it.
struct MethodOption {
  std::string name;
  std::string otherwise;  ///< the value without it, as JSON
  std::string help;
};

/// How a method is trained for a data set, which leaves a file that it is made from.
struct MethodTraining {
  std::string file_option;  ///< the option that names such a file; where it is given, nothing is trained
  std::vector<std::string> beside_file;  ///< the options that go with it; all others are for training
  std::vector<LearningTask> tasks;       ///< what it can be trained for
  std::string command;                   ///< the program's that trains it too: "t2ue train patterns"
  /// JSON object that goes into a benchmark's keys beside the options: changed when what training makes is.
  std::string identity = "{}";
  /// Error for options that `train` would refuse.
  std::function<void(const nlohmann::json& options, LearningTask task, bool has_apart)> check = {};
  /// Trains, unless an earlier run or another process did, and says where the file is. Error as `check`.
  std::function<TrainedFile(const nlohmann::json& options, const TrainContext&)> train = {};
};

/// A method of the registry.
struct MethodEntry {
  MethodCard card;  ///< with all options as they are without being given
  std::vector<MethodOption> options;
  std::function<void(const nlohmann::json& options)> check;  ///< Error for options that `make` would refuse
  std::function<Method(const MethodRequest&)> make;
  std::optional<MethodTraining> training = {};
};

namespace detail {
/// read_fields(); Error as well for a fraction or a negative number where the field is a whole one.
void read_options(const FieldList& list, const nlohmann::json& given);
std::vector<MethodOption> method_options(const FieldList& list);
/// Error unless `training` is for the task.
void check_task(const std::string& name, const MethodTraining& training, LearningTask task);
void check_apart(const std::string& name, bool has_apart);

/// `options` with what is given; for a task where they depend on it.
template <class Options>
Options given_options(Options options, const std::string& name, const nlohmann::json& given,
                      [[maybe_unused]] LearningTask task = LearningTask::image_text) {
  if constexpr (requires { options.task; }) options.task = task;
  read_options(fields_of(options, name), given);
  return options;
}
}  // namespace detail

/// The entry of a method whose options are a struct with `fields` (core/fields.hpp), `plain` without any
/// given.
template <class Options>
MethodEntry method_entry(MethodCard card, Options plain,
                         std::function<Method(const Options&, const MethodRequest&)> make) {
  MethodEntry entry;
  entry.options = detail::method_options(fields_of(plain, card.name));
  entry.check = [plain, name = card.name](const nlohmann::json& given) {
    detail::given_options(plain, name, given);
  };
  entry.make = [plain, make = std::move(make)](const MethodRequest& request) {
    return make(detail::given_options(plain, request.name, request.given), request);
  };
  entry.card = std::move(card);
  return entry;
}

/// The same of a method that is trained: `train` gets the options for the task, those that were given as they
/// are, and what it trains on. `Options::task`, if there is one, is set before the options are read; an
/// option `trained_on` (training_part.hpp) is checked against the pictures that there are.
template <class Options>
MethodEntry trained_method_entry(
    MethodCard card, Options plain, std::function<Method(const Options&, const MethodRequest&)> make,
    MethodTraining training,
    std::function<TrainedFile(const Options&, const nlohmann::json&, const TrainContext&)> train) {
  MethodEntry entry = method_entry<Options>(std::move(card), plain, std::move(make));
  const auto read = [plain, name = entry.card.name, training](const nlohmann::json& given, LearningTask task,
                                                              bool has_apart) {
    detail::check_task(name, training, task);
    Options options = detail::given_options(plain, name, given, task);
    if constexpr (requires { options.trained_on; })
      if (options.trained_on == TrainedOn::apart) detail::check_apart(name, has_apart);
    return options;
  };
  training.check = [read](const nlohmann::json& given, LearningTask task, bool has_apart) {
    read(given, task, has_apart);
  };
  training.train = [read, train = std::move(train)](const nlohmann::json& given,
                                                    const TrainContext& context) {
    return train(read(given, context.task, context.apart.count() > 0), given, context);
  };
  entry.training = std::move(training);
  return entry;
}

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/method_entry.inl.hpp>
#endif
