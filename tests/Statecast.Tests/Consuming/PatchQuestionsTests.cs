using Statecast.Consuming;
using Statecast.Replicas;
using Xunit;

namespace Statecast.Tests.Consuming;

/// <summary>One question a key, until it is answered.</summary>
public sealed class PatchQuestionsTests
{
    [Fact]
    public void Key_is_asked_for_once_and_again_after_a_while()
    {
        var questions = new PatchQuestions([]);
        Assert.False(questions.Any);
        questions.Committed(Waits("a"));
        Assert.Equal(["a"], questions.Take(Seconds(1)));
        questions.Committed(Waits("a", "b"));
        Assert.Equal(["b"], questions.Take(Seconds(2)));
        Assert.Empty(questions.Take(Seconds(30.9)));
        Assert.Equal(["a"], questions.Take(Seconds(31)));
        Assert.Equal(["b"], questions.Take(Seconds(32)));
        Assert.Empty(questions.Take(Seconds(60)));
    }

    [Fact]
    public void Answered_key_is_asked_for_no_more()
    {
        var questions = new PatchQuestions([]);
        questions.Committed(Waits("a"));
        questions.Take(Seconds(1));
        questions.Committed(Plan(new WaitingChange("a", [])));
        Assert.False(questions.Any);
        Assert.Empty(questions.Take(Seconds(100)));
    }

    [Fact]
    public void What_still_waits_after_an_answer_is_asked_for_at_once()
    {
        var questions = new PatchQuestions([]);
        questions.Committed(Waits("a"));
        questions.Take(Seconds(1));
        questions.Committed(Plan(Waiting("a") with { Answered = true }));
        Assert.Equal(["a"], questions.Take(Seconds(2)));
    }

    [Fact]
    public void What_waits_in_the_store_is_asked_for_at_the_start()
    {
        var questions = new PatchQuestions(["a", "b"]);
        Assert.True(questions.Any);
        Assert.Equal(["a", "b"], questions.Take(TimeSpan.Zero).Order());
        Assert.Empty(questions.Take(TimeSpan.Zero));
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static ReplicaPlan Waits(params string[] keys) => Plan([.. keys.Select(Waiting)]);

    private static WaitingChange Waiting(string key) => new(key, [PlannerWorld.Patch(key, 3, "+", "?")]);

    private static ReplicaPlan Plan(params WaitingChange[] changes)
    {
        var plan = new ReplicaPlan();
        plan.Waiting.AddRange(changes);
        return plan;
    }
}
