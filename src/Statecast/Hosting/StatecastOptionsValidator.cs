using Microsoft.Extensions.Options;

namespace Statecast.Hosting;

/// <summary>Checks ranges at start; each message names the key, the value and what is allowed.</summary>
internal sealed class StatecastOptionsValidator : IValidateOptions<StatecastOptions>
{
    // What every timer of the platform takes.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    public ValidateOptionsResult Validate(string? name, StatecastOptions options)
    {
        var faults = new List<string>();
        faults.AddRange(options.Relay.Validate().Select(f => $"Statecast:Relay:{f}"));
        Range(faults, "Target:MaxBatch", options.Target.MaxBatch, 1, 100_000);
        Range(faults, "Target:MaxCatchUpBatch", options.Target.MaxCatchUpBatch, 1, 1_000_000);
        if (options.Target.MaxBatchBytes < options.Target.MaxBodyBytes)
            faults.Add(
                $"Statecast:Target:MaxBatchBytes is {options.Target.MaxBatchBytes}; it must be at least Statecast:Target:MaxBodyBytes, {options.Target.MaxBodyBytes}: raise the first or lower the second."
            );
        if (options.Target.MaxBytesInFlight < options.Target.MaxBatchBytes)
            faults.Add(
                $"Statecast:Target:MaxBytesInFlight is {options.Target.MaxBytesInFlight}; it must be at least Statecast:Target:MaxBatchBytes, {options.Target.MaxBatchBytes}: raise the first or lower the second."
            );
        Range(faults, "Target:MaxBodyBytes", options.Target.MaxBodyBytes, 1, int.MaxValue);
        Range(faults, "Target:MaxWaitingPatches", options.Target.MaxWaitingPatches, 1, 10_000);
        if (options.Target.MaxWaitingBytes < 0)
            faults.Add($"Statecast:Target:MaxWaitingBytes is {options.Target.MaxWaitingBytes}; at least 0 is needed.");
        Range(faults, "Handlers:Concurrency", options.Handlers.Concurrency, 1, 1024);
        Range(faults, "Handlers:MaxAttempts", options.Handlers.MaxAttempts, 1, 10_000);
        Range(faults, "Republish:ChunkSize", options.Republish.ChunkSize, 1, 10_000);
        if (options.Republish.KeysPerSecond is { } keysPerSecond)
            Range(faults, "Republish:KeysPerSecond", keysPerSecond, 1, 10_000_000);
        Positive(faults, "Target:ReadTimeout", options.Target.ReadTimeout);
        Positive(faults, "Target:MaxStaleness", options.Target.MaxStaleness);
        Positive(faults, "Handlers:FirstRetry", options.Handlers.FirstRetry);
        Positive(faults, "Handlers:LongestRetry", options.Handlers.LongestRetry);
        Positive(faults, "Handlers:Poll", options.Handlers.Poll);
        Positive(faults, "Republish:Poll", options.Republish.Poll);
        Positive(faults, "DrainTimeout", options.DrainTimeout);
        Positive(faults, "LoopTimeout", options.LoopTimeout);
        if (options.Relay.DrainTimeout > options.DrainTimeout)
            faults.Add(
                $"Statecast:Relay:DrainTimeout is {options.Relay.DrainTimeout}, but stopping as a whole ends after Statecast:DrainTimeout, {options.DrainTimeout}: lower the first or raise the second."
            );
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Range(List<string> faults, string key, int value, int least, int most)
    {
        if (value < least || value > most)
            faults.Add($"Statecast:{key} is {value}; allowed is {least} to {most}.");
    }

    private static void Positive(List<string> faults, string key, TimeSpan value)
    {
        if (value <= TimeSpan.Zero)
            faults.Add($"Statecast:{key} is {value}; it must be above zero.");
        else if (value > Longest)
            faults.Add($"Statecast:{key} is {value}; at most {Longest} can be waited.");
    }
}
