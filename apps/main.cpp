#include "program.hpp"

int main(int argc, char** argv) {
  return t2ue::apps::run(argc, argv);
}
