// `t2ue evaluate`: protocols, export, zero-shot and classifiers, on a model whose figures a test can count
// itself.
#include "apps/program.hpp"

#include <t2ue/core/safetensors.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/eval/classification.hpp>
#include <t2ue/eval/retrieval.hpp>
#include <t2ue/optim/classifier_file.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using testing::HasSubstr;
using testing::Not;
using testing_data::fresh_folder;

/// The workshop's pictures with three captions each: "red cat", then "red", then "cat" for picture 0.
std::filesystem::path with_three_captions(const std::filesystem::path& folder) {
  std::filesystem::copy(Workshop::get().pictures, folder / "three");
  std::istringstream lines(read_text(folder / "three/pairs.jsonl"));
  std::string list;
  for (std::string line; std::getline(lines, line);) {
    auto json = nlohmann::json::parse(line);
    const std::string caption = json.at("caption");
    const size_t blank = caption.find(' ');
    json["captions"] = {caption, caption.substr(0, blank), caption.substr(blank + 1)};
    json.erase("caption");
    list += json.dump() + "\n";
  }
  write_file(folder / "three/pairs.jsonl", std::string_view(list));
  return folder / "three";
}

Words retrieval_words(const std::filesystem::path& data) {
  return {"evaluate", "retrieval", "--model", Workshop::get().clip, "--data", data, "--threads", "1"};
}

TEST(EvaluateRetrieval, PrintsProtocolFiguresAndChance) {
  const Words words = retrieval_words(Workshop::get().pictures);
  const auto json = program(words + Words{"--json"}).json();
  EXPECT_EQ(json.at("pictures"), 16);
  EXPECT_EQ(json.at("protocol"), "any-hit");
  EXPECT_EQ(json.at("caption"), "all");
  EXPECT_EQ(json.at("captions_per_picture").at("mean"), 1);
  EXPECT_EQ(json.at("image_to_text").at("gallery"), 16);
  EXPECT_NEAR(json.at("image_to_text").at("chance").at("hit").at("1"), 100.0 / 16, 1e-9);
  const std::string text = program(words).out;
  for (const char* part :
       {"any-hit", "1 caption a picture", "chance", "Hit@10", "ties lost", "mean", "seed 0"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(EvaluateRetrieval, ProtocolsTakeTheCaptionsTheySay) {
  const auto folder = fresh_folder();
  const auto three = with_three_captions(folder);
  const auto measure = [&](const Words& more) {
    const Ended ended = program(retrieval_words(three) + more + Words{"--json"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended.json();
  };
  const auto any = measure({"--protocol", "any-hit"}), first = measure({"--protocol", "one-to-one"}),
             drawn = measure({"--protocol", "one-to-one", "--caption", "drawn", "--seed", "3"});
  EXPECT_EQ(any.at("captions"), 48);
  EXPECT_EQ(any.at("text_to_image").at("queries"), 48);
  EXPECT_EQ(any.at("captions_per_picture"), (nlohmann::json{{"min", 3}, {"max", 3}, {"mean", 3.0}}));
  EXPECT_EQ(first.at("captions"), 16);
  EXPECT_EQ(first.at("caption"), "first");
  EXPECT_EQ(first.at("captions_per_picture").at("max"), 3) << "of the data set";
  EXPECT_EQ(drawn.at("caption"), "drawn");
  EXPECT_EQ(drawn.at("bootstrap").at("seed"), 3);
  // The first captions are what the workshop's pictures have as their only ones.
  const auto single = program(retrieval_words(Workshop::get().pictures) + Words{"--json"}).json();
  EXPECT_EQ(first.at("image_to_text"), single.at("image_to_text"));
  EXPECT_EQ(first.at("text_to_image"), single.at("text_to_image"));
  EXPECT_NE(drawn.at("text_to_image"), first.at("text_to_image"));

  const Ended neither = program(retrieval_words(three) + Words{"--caption", "drawn"});
  EXPECT_EQ(neither.code, 2);
  EXPECT_THAT(neither.err, HasSubstr("one-to-one"));
  EXPECT_EQ(program(retrieval_words(three) + Words{"--protocol", "diagonal"}).code, 2);
}

TEST(EvaluateRetrieval, ExportHoldsWhatTheFiguresWereCountedFrom) {
  const auto folder = fresh_folder();
  const auto three = with_three_captions(folder);
  const Words words = retrieval_words(three) + Words{"--export", folder / "export", "--json"};
  const Ended ended = program(words);
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(nlohmann::json::parse(read_text(folder / "export/retrieval.json")), ended.json());
  const SafetensorsFile file(folder / "export/features.safetensors");
  const auto images = file.at("image_features").values<float>(),
             texts = file.at("text_features").values<float>();
  const int64_t dim = file.at("image_features").shape.at(1);
  for (const auto* rows : {&images, &texts})
    for (size_t begin = 0; begin < rows->size(); begin += static_cast<size_t>(dim)) {
      double squares = 0;
      for (size_t d = begin; d < begin + static_cast<size_t>(dim); ++d)
        squares += double{(*rows)[d]} * (*rows)[d];
      EXPECT_NEAR(squares, 1, 1e-5);
    }
  const auto again = to_json(retrieval(images, texts, dim, file.at("owner").values<int64_t>()));
  EXPECT_EQ(again.at("image_to_text"), ended.json().at("image_to_text"));
  EXPECT_EQ(again.at("text_to_image"), ended.json().at("text_to_image"));

  const Ended twice = program(words);
  EXPECT_EQ(twice.code, 1);
  EXPECT_THAT(twice.err, HasSubstr("not empty"));
}

Words zero_shot_words() {
  const Workshop& w = Workshop::get();
  return {"evaluate", "zero-shot", "--model", w.clip, "--data", w.pictures, "--threads", "1"};
}

TEST(EvaluateZeroShot, AsksForTheClassesByTemplate) {
  const Ended ended = program(zero_shot_words() + Words{"--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto json = ended.json();
  EXPECT_EQ(json.at("labels"), (Words{"cat", "dog", "moon", "sun"}));
  EXPECT_EQ(json.at("templates"), (Words{"a photo of a {}."}));
  EXPECT_EQ(json.at("count"), 16);
  EXPECT_EQ(json.at("chance"), 25);
  EXPECT_EQ(json.at("top5"), 100) << "of four classes";
  EXPECT_EQ(json.at("per_class").size(), 4U);
  const std::string text = program(zero_shot_words()).out;
  for (const char* part : {"4 classes", "1 template,", "top-1", "moon", "chance"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(EvaluateZeroShot, TakesTemplatesFromAFileOrASentence) {
  const auto folder = fresh_folder();
  write_file(folder / "templates.txt", "a photo of a {}.\n");
  const auto measure = [&](const Words& more) {
    return program(zero_shot_words() + more + Words{"--json"}).json();
  };
  const auto from_file = measure({"--templates", folder / "templates.txt"});
  EXPECT_EQ(from_file, measure({}));
  EXPECT_EQ(from_file, measure({"--prompt", "a photo of a {}."}));
  EXPECT_EQ(measure({"--template-set", "varied"}).at("templates").size(), 7U);
  const std::vector<std::pair<Words, int>> wrong{
      {{"--prompt", "no place"}, 2},
      {{"--template-set", "eighty"}, 2},
      {{"--prompt", "a {}", "--templates", folder / "templates.txt"}, 2},
      {{"--templates", folder / "absent.txt"}, 1}};
  for (const auto& [words, code] : wrong) EXPECT_EQ(program(zero_shot_words() + words).code, code);
}

TEST(EvaluateZeroShot, WantsClasses) {
  const auto folder = fresh_folder();
  std::filesystem::copy(Workshop::get().pictures, folder / "plain");
  std::string list = read_text(folder / "plain/pairs.jsonl");
  for (size_t at; (at = list.find("\"label\"")) != std::string::npos;) list.replace(at, 7, "\"other\"");
  write_file(folder / "plain/pairs.jsonl", std::string_view(list));
  for (const Words& words : {Words{"evaluate", "zero-shot", "--model", Workshop::get().clip},
                             Words{"train", "classifier", "--out", folder / "m.safetensors"}}) {
    const Ended ended = program(words + Words{"--data", folder / "plain"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr("'p0' has no class"));
  }
}

TEST(Classifier, IsTrainedSavedAndMeasured) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const auto file = folder / "m.safetensors";
  const Ended trained =
      program(w.train_classifier(file) + Words{"--epochs", "60", "--translation", "0", "--no-flip",
                                               "--learning-rate", "0.01", "--eval", w.pictures});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const auto json = trained.json();
  EXPECT_EQ(json.at("steps"), 120);
  EXPECT_EQ(json.at("labels"), (Words{"cat", "dog", "moon", "sun"}));
  EXPECT_GT(json.at("evaluation").at("accuracy"), 60) << "it was trained on these 16 pictures; chance is 25";
  const LoadedClassifier loaded = load_classifier(file);
  EXPECT_EQ(loaded.config.image_size, 8);
  EXPECT_EQ(loaded.config.name, "tiny-classifier");
  EXPECT_EQ(nlohmann::json::parse(loaded.training).at("recipe"), json.at("recipe"));

  const Words words{"evaluate", "classifier", "--model", file, "--data", w.pictures, "--threads", "1"};
  const auto measured = program(words + Words{"--json"}).json();
  auto at_training = json.at("evaluation");
  EXPECT_EQ(at_training.at("epoch"), "last");
  at_training.erase("epoch");
  EXPECT_EQ(measured, at_training);
  EXPECT_THAT(program(words).out, HasSubstr("moon"));
}

TEST(Classifier, FindsItsClassesByName) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const auto file = folder / "m.safetensors";
  ASSERT_EQ(program(w.train_classifier(file)).code, 0);
  const auto measure = [&](const std::string& keep, const std::string& renamed) {
    std::filesystem::remove_all(folder / "some");
    std::filesystem::copy(w.pictures, folder / "some");
    std::istringstream lines(read_text(w.pictures / "pairs.jsonl"));
    std::string list;
    for (std::string line; std::getline(lines, line);) {
      auto json = nlohmann::json::parse(line);
      if (json.at("label") != keep) continue;
      json["label"] = renamed;
      list += json.dump() + "\n";
    }
    write_file(folder / "some/pairs.jsonl", std::string_view(list));
    return program({"evaluate", "classifier", "--model", file, "--data", folder / "some", "--json"});
  };
  const auto all =
      program({"evaluate", "classifier", "--model", file, "--data", w.pictures, "--json"}).json();
  const Ended suns = measure("sun", "sun");
  ASSERT_EQ(suns.code, 0) << suns.err;
  EXPECT_EQ(suns.json().at("per_class_count"), (std::vector<int64_t>{0, 0, 0, 4}));
  EXPECT_NEAR(suns.json().at("accuracy"), all.at("per_class").at(3), 1e-9);
  const Ended stars = measure("sun", "star");
  EXPECT_EQ(stars.code, 1);
  EXPECT_THAT(stars.err, HasSubstr("does not know the class 'star'"));
}

TEST(Classifier, LearnsFromAFolderAClass) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const Words things{"cat", "dog", "sun", "moon"};
  for (size_t i = 0; i < 16; ++i) {
    std::filesystem::create_directories(folder / "pictures" / things[i % 4]);
    std::filesystem::copy(w.pictures / concat("p", i, ".png"), folder / "pictures" / things[i % 4]);
  }
  const Words words = w.train_classifier(folder / "m.safetensors");
  const Ended ended =
      program(words + Words{"--data", folder / "pictures", "--eval", w.pictures, "--epochs", "1"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("labels"), (Words{"cat", "dog", "moon", "sun"}));
  EXPECT_EQ(ended.json().at("evaluation").at("per_class_count"), (std::vector<int64_t>{4, 4, 4, 4}));
}

/// CIFAR-10's binary files with 8 and 3 pictures: training takes the split "train", --eval of the same the
/// split "test".
TEST(Classifier, LearnsFromTheTrainSplitAndIsMeasuredOnTheOther) {
  const auto folder = fresh_folder();
  const auto records = [](int count) {
    std::string bytes;
    for (int i = 0; i < count; ++i) {
      bytes += static_cast<char>(i);
      for (int b = 0; b < 3072; ++b) bytes += static_cast<char>(i * 20 + b % 7);
    }
    return bytes;
  };
  std::filesystem::create_directories(folder / "cifar");
  write_file(folder / "cifar/data_batch_1.bin", std::string_view(records(8)));
  write_file(folder / "cifar/test_batch.bin", std::string_view(records(3)));
  const Ended ended = program(Workshop::get().train_classifier(folder / "m.safetensors") +
                              Words{"--data", folder / "cifar", "--eval", folder / "cifar"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("pictures"), 8);
  EXPECT_EQ(ended.json().at("labels").size(), 10U);
  EXPECT_EQ(ended.json().at("evaluation").at("pictures"), 3);
  EXPECT_EQ(ended.json().at("evaluation").at("chance"), 10);
}

TEST(Classifier, GoesOnFromAnother) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const auto first = folder / "first.safetensors", second = folder / "second.safetensors";
  ASSERT_EQ(program(w.train_classifier(first)).code, 0);
  const Words words{"train", "classifier", "--data", w.pictures, "--out",
                    second,  "--epochs",   "1",      "--batch",  "8"};
  const Ended tuned = program(words + Words{"--start", first, "--json"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_EQ(tuned.json().at("start").at("mode"), "finetune");
  EXPECT_EQ(tuned.json().at("start").at("sha256"), sha256_file(first));
  const auto weights_of = [](const std::filesystem::path& file, const std::string& name) {
    const LoadedClassifier loaded = load_classifier(file);
    for (const Parameter* parameter : loaded.parameters->all())
      if (parameter->name == name) return parameter->value.to_vector<float>();
    return std::vector<float>{};
  };
  EXPECT_NE(weights_of(second, "conv1.weight"), weights_of(first, "conv1.weight"));
  ASSERT_EQ(program(words + Words{"--start", first, "--mode", "probe"}).code, 0);
  EXPECT_EQ(weights_of(second, "conv1.weight"), weights_of(first, "conv1.weight"));
  EXPECT_EQ(weights_of(second, "bn1.running_mean"), weights_of(first, "bn1.running_mean"));
  EXPECT_NE(weights_of(second, "fc.weight"), weights_of(first, "fc.weight"));

  const std::vector<std::pair<Words, std::string>> wrong{
      {{"--mode", "probe"}, "none is named"},
      {{"--mode", "frozen"}, "scratch, finetune, probe"},
      {{"--start", first, "--mode", "scratch"}, "starts from no file"},
      {{"--start", first, "--classifier", "resnet8"}, "--classifier"}};
  for (const auto& [flags, reason] : wrong) {
    const Ended ended = program(words + flags);
    EXPECT_EQ(ended.code, 2) << reason;
    EXPECT_THAT(ended.err, HasSubstr(reason));
  }
  EXPECT_EQ(program(words + Words{"--start", folder / "nowhere.safetensors"}).code, 1);
}

TEST(Classifier, TrainsByTheRecipeOfThePaper) {
  const Workshop& w = Workshop::get();
  const Words words = w.train_classifier(fresh_folder() / "m.safetensors") + Words{"--recipe", "paper"};
  const Ended ended = program(words + Words{"--epochs", "2", "--batch", "8"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto recipe = ended.json().at("recipe");
  EXPECT_EQ(recipe.at("optimizer"), "sgd");
  EXPECT_EQ(recipe.at("learning_rate"), 0.1f);
  EXPECT_EQ(recipe.at("epochs"), 2);
  EXPECT_EQ(program(words + Words{"--recipe", "papers"}).code, 2);
}

TEST(Classifier, CheckpointBelongsToItsRun) {
  const Workshop& w = Workshop::get();
  const auto folder = fresh_folder();
  const Words words = w.train_classifier(folder / "m.safetensors") +
                      Words{"--checkpoint", folder / "c.safetensors", "--checkpoint-every", "1"};
  ASSERT_EQ(program(words).code, 0);
  EXPECT_EQ(program(words).code, 1) << "the checkpoint is there already";
  EXPECT_EQ(program(words + Words{"--resume"}).code, 0);
  write_file(folder / "other.json",
             R"({"image_size": 8, "widths": [8], "blocks": [1], "feature_norm": true})");
  const Ended other = program(words + Words{"--resume", "--classifier", folder / "other.json"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(program(words + Words{"--resume", "--epochs", "3"}).err, HasSubstr("another recipe"));
  EXPECT_EQ(program(words + Words{"--classifier", "resnet19"}).code, 2);
  const Ended clip = program({"evaluate", "classifier", "--model", w.clip, "--data", w.pictures});
  EXPECT_EQ(clip.code, 1);
  EXPECT_THAT(clip.err, HasSubstr("holds a clip, not a classifier"));
}

}  // namespace
