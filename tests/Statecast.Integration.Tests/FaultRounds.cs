using Xunit;

namespace Statecast.Integration.Tests;

/// <summary>
/// How often a test brings its fault about: three times in every run; with <c>STATECAST_LONG=1</c>, which <c>./test --long</c> sets, as often as the gate of
/// docs/reliability.md asks for. A round begins with nothing that the one before left. What was run is noted in the file that <c>STATECAST_ROUNDS</c> names.
/// </summary>
internal static class FaultRounds
{
    private static readonly Lock Gate = new();

    /// <summary>Whether faults are brought about as often as the gate asks for.</summary>
    public static bool IsLong => Environment.GetEnvironmentVariable("STATECAST_LONG") == "1";

    /// <summary>Runs the rounds of a fault.</summary>
    /// <param name="fault">What happens, for people.</param>
    /// <param name="gate">How many the gate asks for.</param>
    /// <param name="round">One round.</param>
    /// <param name="always">How many every run brings about: fewer of what takes long, more of what comes in several kinds.</param>
    public static async Task RunAsync(string fault, int gate, Func<Task> round, int always = 3)
    {
        var rounds = IsLong ? Math.Max(gate, always) : always;
        for (var number = 1; number <= rounds; number++)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{fault}: round {number} of {rounds}");
            await round();
        }
        if (Environment.GetEnvironmentVariable("STATECAST_ROUNDS") is not { Length: > 0 } notes)
            return;
        lock (Gate)
            File.AppendAllText(notes, $"{fault}: {rounds} rounds, none failed\n");
    }
}
