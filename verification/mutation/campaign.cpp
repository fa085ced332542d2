#include "verification/mutation/campaign.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

#include "harness/session.h"
#include "impl/mutants/mutants.h"
#include "impl/reference/reference.h"
#include "properties/property.h"

namespace finwait::mutation {

namespace {

constexpr Mutant all[]{
#include "mutants.inc"
};

// For one mutant: a fault may make the model go round for ever.
constexpr rlim_t most_seconds = 20;
constexpr rlim_t most_memory = rlim_t{1} << 30;
constexpr std::uint64_t first_cases = 300;
constexpr std::uint64_t exhibited_cases = 8000;
constexpr std::size_t exhibits_a_fault = 4;

// The stack acts whenever somebody is in one of its functions.
class ActingAdapter final : public Adapter {
 public:
  explicit ActingAdapter(std::unique_ptr<Adapter> stack) : stack_(std::move(stack)) {}

  Profile profile() const override { return stack_->profile(); }
  void reset(std::uint64_t seed) override {
    const Acting acting;
    stack_->reset(seed);
  }
  Reply call(const Request& request, Sink& sink) override {
    const Acting acting;
    return stack_->call(request, sink);
  }
  void deliver(Octets packet, Sink& sink) override {
    const Acting acting;
    stack_->deliver(packet, sink);
  }
  void advance(Time by, Sink& sink) override {
    const Acting acting;
    stack_->advance(by, sink);
  }
  std::optional<Time> next_timer() const override {
    const Acting acting;
    return stack_->next_timer();
  }

 private:
  struct Acting {
    Acting() { active.acting = Role::stack; }
    ~Acting() { active.acting = Role::oracle; }
    Acting(const Acting&) = delete;
    Acting& operator=(const Acting&) = delete;
  };
  std::unique_ptr<Adapter> stack_;
};

// Whether this case shows a deviation; what was played of it is left in `played`.
bool deviates(Session& session, PropertySource& source, std::uint64_t seed, std::uint64_t number,
              Case& played) {
  played = {source.begin(seed, number), {}};
  session.start(played.setup);
  while (played.events.size() < max_events) {
    const std::optional<Event> event = source.next(session.oracle().front());
    if (!event) break;
    played.events.push_back(*event);
    const Outcome outcome = session.play(*event);
    if (outcome == Outcome::fail) return true;
    if (outcome == Outcome::inconclusive || session.oracle().contradicted()) break;
  }
  return false;
}

// Whether one of these cases does.
bool shown(Session& session, PropertySource& source, std::uint64_t seed, std::uint64_t from,
           std::uint64_t to) {
  Case played;
  for (std::uint64_t number = from; number < to; ++number) {
    if (deviates(session, source, seed, number, played)) return true;
  }
  return false;
}

// A stack with a fault of its own, and cases in which the oracle as it is finds it at fault. Their events are
// kept: drawn again while another oracle judges they would be others, and show nothing for that reason alone.
struct Exhibit {
  std::string_view stack;
  std::vector<Case> cases;
};

std::vector<Exhibit> exhibits(std::uint64_t seed) {
  std::vector<Exhibit> all_found;
  for (const MutantText& fault : finwait::mutants()) {
    if (fault.rule == model::Rule::iut_survives) continue;  // it ends the process
    ActingAdapter adapter(make_mutant(fault.name));
    Session session(adapter);
    PropertySource source(all_properties());
    Exhibit exhibit{fault.name, {}};
    Case played;
    for (std::uint64_t number = 0; number < exhibited_cases && exhibit.cases.size() < exhibits_a_fault;
         ++number) {
      if (deviates(session, source, seed, number, played)) exhibit.cases.push_back(played);
    }
    if (!exhibit.cases.empty()) all_found.push_back(std::move(exhibit));
  }
  return all_found;
}

// Whether the oracle passes over a deviation that it finds without its own fault.
bool misses(const std::vector<Exhibit>& shown_before) {
  for (const Exhibit& exhibit : shown_before) {
    ActingAdapter adapter(make_mutant(exhibit.stack));
    Session session(adapter);
    for (const Case& shown_case : exhibit.cases) {
      if (play(session, shown_case).outcome != Outcome::fail) return true;
    }
  }
  return false;
}

Fate fate_of(const Campaign& campaign, const std::vector<Exhibit>& exhibited, int mutant) {
  ActingAdapter adapter(make_reference());
  Session session(adapter);
  PropertySource source(all_properties());
  active.mutant = mutant;
  try {
    const std::uint64_t few = std::min(first_cases, campaign.cases);
    for (const auto& [from, to] : {std::pair{std::uint64_t{0}, few}, std::pair{few, campaign.cases}}) {
      for (const Role role : {Role::stack, Role::oracle}) {
        active.role = role;
        if (shown(session, source, campaign.seed, from, to))
          return role == Role::stack ? Fate::stack_judged : Fate::oracle_wrong;
      }
      active.role = Role::oracle;
      if (from == 0 && misses(exhibited)) return Fate::oracle_blind;
    }
  } catch (const std::exception&) {
    return Fate::refused;
  }
  return Fate::survived;
}

void limit(int what, rlim_t most) {
  const rlimit both{most, most};
  setrlimit(static_cast<__rlimit_resource>(what), &both);
}

Fate fate_of(int status) {
  if (!WIFEXITED(status)) return Fate::crashed;
  return static_cast<Fate>(WEXITSTATUS(status));
}

}  // namespace

std::span<const Mutant> mutants() {
  return all;
}

std::string_view name(Fate fate) {
  switch (fate) {
    case Fate::survived: return "survived";
    case Fate::stack_judged: return "the stack is reported";
    case Fate::oracle_wrong: return "a false alarm";
    case Fate::oracle_blind: return "a planted fault is missed";
    case Fate::refused: return "the model refuses";
    case Fate::crashed: return "crash or no end";
  }
  return {};
}

void run(const Campaign& campaign, const std::vector<int>& numbers,
         const std::function<void(int, Fate)>& done) {
  const std::vector<Exhibit> exhibited = exhibits(campaign.seed);
  std::map<pid_t, int> running;
  const auto wait_for_one = [&] {
    int status = 0;
    const pid_t pid = wait(&status);
    const auto found = running.find(pid);
    if (found == running.end()) throw std::runtime_error("a process is lost");
    const int mutant = found->second;
    running.erase(found);
    done(mutant, fate_of(status));
  };
  for (const int number : numbers) {
    if (running.size() == campaign.workers) wait_for_one();
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("no process for a mutant");
    if (pid == 0) {
      limit(RLIMIT_CPU, most_seconds);
      limit(RLIMIT_AS, most_memory);
      _exit(static_cast<int>(fate_of(campaign, exhibited, number)));
    }
    running[pid] = number;
  }
  while (!running.empty()) wait_for_one();
}

}  // namespace finwait::mutation
