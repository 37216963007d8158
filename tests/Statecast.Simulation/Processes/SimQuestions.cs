using Statecast.Consuming;
using Statecast.Hosting;
using Statecast.Replicas;
using Statecast.Simulation.Carriers;
using Statecast.Simulation.Checks;
using Statecast.Simulation.Engine;

namespace Statecast.Simulation.Processes;

/// <summary>What one life of an instance asks its source for, by the real rule, also when nothing comes any more.</summary>
/// <param name="world">The run.</param>
/// <param name="target">Whose store it is; keys wait in it.</param>
/// <param name="name">The instance.</param>
/// <param name="later">Does something later, if the instance lives.</param>
internal sealed class SimQuestions(SimWorld world, SimTarget target, string name, Action<TimeSpan, Action> later)
{
    private readonly PatchQuestions _questions = new(target.Contents.WaitingKeys.Select(k => k.Key));
    private bool _again;

    public void Committed(ReplicaPlan plan) => _questions.Committed(plan);

    public void Ask()
    {
        if (!_questions.Any)
            return;
        world.Patches.Ask(_questions.Take(world.Scheduler.Now));
        if (_again)
            return;
        _again = true;
        later(
            PatchQuestions.Again,
            () =>
            {
                _again = false;
                Ask();
            }
        );
    }

    /// <summary>Ranges of a queue's states; asking for everything again needs something that was lost.</summary>
    public void AskForRanges(ApplyMachine machine)
    {
        foreach (var question in machine.Progress.Ask(world.Scheduler.Now, world.Random.NextGuid))
        {
            world.Trace.Add("asks", $"{name} {question.Lane.Number}", question.Ranges[0].First, question.Ranges.Count);
            if (machine.Progress.WasLive && !question.Repeated)
            {
                world.Coverage.Note(Event.GapAskedFor);
                if (world.Carrier is SimQueue queue && !queue.ExplainsAGap(target.Name))
                    throw new Violation(Checker.NothingSkipped, $"{name}: asks for everything again, and nothing was lost");
            }
            world.Snapshots.Ask(question);
        }
    }
}
