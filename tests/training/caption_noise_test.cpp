// Noise against a surrogate that reads captions, and MEM's triggers in front of these.
#include "training/noise_fixture.hpp"

namespace t2ue {
namespace {

using namespace testing_optim;

TEST_F(Noise, CaptionsTrainClipAndTheNoiseFallsOrRises) {
  recipe.batch = 24;  // all of them: the loss depends on who is in the batch
  policy = {.rounds = 6, .surrogate_steps = 2, .pgd_steps = 4, .step_size = 1};
  for (const NoiseDirection direction : {NoiseDirection::min, NoiseDirection::max}) {
    policy.direction = direction;
    policy.surrogate_steps = direction == NoiseDirection::min ? 2 : 0;
    policy.pretrain_epochs = direction == NoiseDirection::min ? 0 : 20;
    const auto run = captions();
    while (run->units() < policy.pretrain_epochs) run->advance();
    const float first = run->advance().noise;
    float last = first;
    while (!run->done()) last = run->advance().noise;
    EXPECT_EQ(last > first, direction == NoiseDirection::max) << first << " to " << last;
    expect_bounds(*run);
  }
}

TEST_F(Noise, ShuffledCaptionsAreDrawnAnewEveryStep) {
  policy = {.rounds = 1, .pgd_steps = 2};
  const auto paired = captions();
  paired->advance();
  policy.shuffle_captions = true;
  const auto shuffled = captions(), again = captions();
  shuffled->advance(), again->advance();
  EXPECT_NE(shuffled->noise(), paired->noise());
  EXPECT_EQ(shuffled->noise(), again->noise());
}

TEST_F(Noise, TriggersStandInFrontOfTheirOwnItemsCaptions) {
  NoiseBatch batch(data, 4, {});
  const std::vector<int64_t> items{5, 2, 9};
  std::vector<int32_t> triggers;
  for (int i = 0; i < 24; ++i) triggers.insert(triggers.end(), {100 + i, 200 + i});
  batch.fill(items, 0, {});
  const auto ids = [&] { return batch.tensors().ids.to_vector<int32_t>(); };
  const std::vector<int32_t> plain = ids();
  batch.show_captions({}, 0);
  EXPECT_EQ(ids(), plain);
  batch.show_captions(triggers, 2);
  const std::vector<int32_t> shown = ids();
  EXPECT_THAT(std::vector<int32_t>(shown.begin() + 6, shown.begin() + 12),
              testing::ElementsAre(18, 102, 202, 3, 7, 19))
      << "start, trigger, the two words, end";
  EXPECT_EQ(batch.tensors().end.to_vector<int32_t>()[1], 5);
  batch.shuffle_captions(1, 1);
  batch.show_captions(triggers, 2);
  std::multiset<int32_t> words, before{plain[1], plain[7], plain[13]};
  for (size_t b = 0; b < 3; ++b) {
    EXPECT_EQ(ids()[b * 6 + 1], 100 + items[b]) << "triggers stay";
    words.insert(ids()[b * 6 + 3]);
  }
  EXPECT_EQ(words, before) << "captions change places";
}

TEST_F(Noise, CaptionsThatNoLongerFitKeepTheirEnd) {
  NoiseBatch batch(data, 2, {});
  batch.fill(std::vector<int64_t>{1, 3}, 0, {});
  batch.show_captions(std::vector<int32_t>(24 * 3, 7), 3);
  EXPECT_THAT(batch.tensors().ids.to_vector<int32_t>(),
              testing::ElementsAre(18, 7, 7, 7, 2, 19, 18, 7, 7, 7, 4, 19));
  EXPECT_THAT(batch.tensors().end.to_vector<int32_t>(), testing::ElementsAre(5, 5));
}

TEST_F(Noise, TheTriggerSearchLowersTheBatchsLoss) {
  Clip model(tiny_clip());
  ParameterSet parameters(model, 3);
  NoiseBatch batch(data, 8, {});
  batch.fill(std::vector<int64_t>{0, 1, 2, 3, 9, 11, 14, 16}, 0, {});
  TriggerSearch search(model, batch, 2, 5, caption_marks(data),
                       [&](Graph& g) { return normalised(g.input(batch.tensors().images)); });
  std::vector<int32_t> triggers(48, 7);
  const std::vector<int32_t> before = triggers;
  const float first = search.run(triggers);
  float last = first;
  for (int again = 0; again < 4; ++again) {
    const float loss = search.run(triggers);
    EXPECT_LE(loss, last) << "what does not help is put back";
    last = loss;
  }
  for (size_t i = 0; i < 48; ++i) {
    const std::vector<int64_t>& shown = batch.items();
    if (std::find(shown.begin(), shown.end(), static_cast<int64_t>(i / 2)) == shown.end()) {
      EXPECT_EQ(triggers[i], before[i]);
    }
    EXPECT_NE(triggers[i], 0);
    EXPECT_NE(triggers[i], 18);
    EXPECT_NE(triggers[i], 19);
  }
  EXPECT_NE(triggers, before);
}

// The embedding's last rows are no tokens where the vocabulary that was learned is smaller.
TEST_F(Noise, TriggersAreTokensThatTheTokenizerHas) {
  ClipConfig config = tiny_clip();
  config.text.vocab_size = 200;
  policy = {
      .rounds = 2, .surrogate_steps = 1, .trigger_tokens = 2, .trigger_rounds = 2, .trigger_candidates = 8};
  Captions run(config, policy, eps, recipe, data);
  const std::vector<int32_t> drawn = run.triggers();
  while (!run.done()) run.advance();
  EXPECT_NE(run.triggers(), drawn);
  for (const std::vector<int32_t>& triggers : {drawn, run.triggers()})
    EXPECT_LT(*std::max_element(triggers.begin(), triggers.end()), 18) << "18 and 19 are the marks";
}

TEST_F(Noise, MemResumesWithItsTriggers) {
  policy = {.rounds = 4,
            .surrogate_steps = 2,
            .pgd_steps = 2,
            .shuffle_captions = true,
            .trigger_tokens = 2,
            .trigger_rounds = 3,
            .trigger_candidates = 4};
  const auto half = temporary("half"), resumed = temporary("resumed"), whole = temporary("whole");
  const auto run = captions(), eager = captions(Execution::eager);
  const std::vector<int32_t> drawn = run->triggers();
  while (!run->done()) {
    if (run->units() == 2) run->save(half);
    run->advance(), eager->advance();
  }
  run->save(whole);
  const auto again = captions();
  again->resume(half);
  while (!again->done()) again->advance();
  again->save(resumed);
  EXPECT_EQ(file_bytes(resumed), file_bytes(whole));
  EXPECT_EQ(eager->noise(), run->noise());
  EXPECT_EQ(eager->triggers(), run->triggers());
  EXPECT_NE(run->triggers(), drawn);
  policy.trigger_tokens = 4;
  EXPECT_THAT(error_of([&] { captions(); }), HasSubstr("6 tokens"));
}

}  // namespace
}  // namespace t2ue
