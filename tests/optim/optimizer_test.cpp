#include "training/tiny.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;
using testing::HasSubstr;

Schedule schedule(Schedule::Kind kind, float rate, int64_t total) {
  Schedule s;
  s.kind = kind, s.rate = rate, s.total = total;
  return s;
}

TEST(Schedule, WarmUpThenCosineToZero) {
  Schedule s = schedule(Schedule::Kind::cosine, 2.0f, 110);
  s.warmup = 10;
  EXPECT_FLOAT_EQ(s.at(0), 0.2f);
  EXPECT_FLOAT_EQ(s.at(9), 2.0f);
  EXPECT_FLOAT_EQ(s.at(10), 2.0f);
  EXPECT_FLOAT_EQ(s.at(60), 1.0f);
  EXPECT_NEAR(s.at(110), 0.0f, 1e-7f);
  EXPECT_NEAR(s.at(1000), 0.0f, 1e-7f);
}

TEST(Schedule, CosineToAShare) {
  Schedule s = schedule(Schedule::Kind::cosine, 2.0f, 100);
  s.final_share = 0.25f;
  EXPECT_FLOAT_EQ(s.at(50), 1.25f);
  EXPECT_FLOAT_EQ(s.at(100), 0.5f);
}

TEST(Schedule, StepsAndConstant) {
  Schedule steps = schedule(Schedule::Kind::step, 1.0f, 9);
  steps.milestones = {3, 6}, steps.factor = 0.5f;
  EXPECT_FLOAT_EQ(steps.at(2), 1.0f);
  EXPECT_FLOAT_EQ(steps.at(3), 0.5f);
  EXPECT_FLOAT_EQ(steps.at(6), 0.25f);
  EXPECT_FLOAT_EQ(schedule(Schedule::Kind::constant, 3.0f, 2).at(100), 3.0f);
}

TEST(Schedule, WarnsOfWhatIsOdd) {
  Schedule s = schedule(Schedule::Kind::cosine, 1.0f, 100);
  s.warmup = 20;
  EXPECT_TRUE(s.warnings().empty());
  s.warmup = 21;
  EXPECT_THAT(s.warnings(), testing::ElementsAre(HasSubstr("warm-up")));
  s.warmup = 0, s.final_share = 0.5f;
  EXPECT_THAT(s.warnings(), testing::ElementsAre(HasSubstr("last rate")));
}

struct OptimizerState : testing::Test {
  Classifier model{tiny_classifier()};
  ParameterSet parameters{model, 1};

  void update(Optimizer& optimizer) {
    Step step([&](Graph& g) {
      optimizer.record_norm(g);
      optimizer.record_update(g);
    });
    for (const Parameter* parameter : parameters.trained()) {
      Tensor gradient = parameter->grad;
      gradient.assign(std::vector<float>(static_cast<size_t>(parameter->shape.elements()), 0.5f));
    }
    optimizer.prepare(0.01f);
    step.run();
  }
};

TEST_F(OptimizerState, ResetStartsAnew) {
  Optimizer optimizer(parameters, {});
  const auto start = parameters.values().to_vector<float>();
  update(optimizer);
  const auto once = parameters.values().to_vector<float>();
  ASSERT_NE(once, start);
  optimizer.reset();
  EXPECT_EQ(optimizer.steps(), 0);
  Tensor values = parameters.values();
  values.assign(start);
  update(optimizer);
  EXPECT_EQ(parameters.values().to_vector<float>(), once);
}

TEST_F(OptimizerState, CheckpointRoundTrip) {
  for (const auto kind : {OptimizerConfig::Kind::adamw, OptimizerConfig::Kind::sgd}) {
    Optimizer optimizer(parameters, {.kind = kind});
    update(optimizer);
    update(optimizer);
    CheckpointWriter writer;
    writer.add("model.", parameters);
    writer.add("optimizer", optimizer);
    const auto path = temporary("file");
    writer.save(path, "training", {{"steps", 2}});
    const CheckpointReader reader(path, "training");
    EXPECT_EQ(nlohmann::json::parse(reader.state()).at("steps"), 2);

    Classifier other_model(tiny_classifier());
    ParameterSet other(other_model, 2);
    Optimizer other_optimizer(other, {.kind = kind});
    reader.restore("model.", other);
    reader.restore("optimizer", other_optimizer);
    EXPECT_EQ(weights(other), weights(parameters));
    EXPECT_EQ(other_optimizer.steps(), 2);
    EXPECT_EQ(other_optimizer.first().to_vector<float>(), optimizer.first().to_vector<float>());
  }
}

TEST_F(OptimizerState, CheckpointErrorsSayWhat) {
  const auto path = temporary("file");
  CheckpointWriter writer;
  writer.add("model.", parameters);
  writer.save(path, "training", nlohmann::json::object());
  EXPECT_THAT(error_of([&] { CheckpointReader(path, "generator"); }), HasSubstr("holds a training"));
  const CheckpointReader reader(path, "training");
  EXPECT_THAT(error_of([&] { reader.restore("other.", parameters); }), HasSubstr("other."));
  ClassifierConfig wider_config = tiny_classifier();
  wider_config.outputs = 5;
  Classifier wider(wider_config);
  ParameterSet other(wider, 1);
  EXPECT_THAT(error_of([&] { reader.restore("model.", other); }), HasSubstr("model.fc"));

  const std::string whole = file_bytes(path);
  std::ofstream(path, std::ios::binary) << whole.substr(0, whole.size() / 2);
  EXPECT_THROW(CheckpointReader(path, "training"), Error);
}

}  // namespace
}  // namespace t2ue
