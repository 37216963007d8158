using System.Globalization;

namespace Statecast.Fuzz;

/// <summary>Feeds a decoder its corpus, then mutations, and says of the first input that it does not take as it must.</summary>
internal sealed class FuzzRun(IDecoder decoder, int seed, int inputs)
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    private byte[] _current = [];
    private long _startedAt;
    private int _refused;
    private long _dearest;

    public int Run()
    {
        using var watchdog = new Timer(_ => Watch(), null, MaxTime, TimeSpan.FromSeconds(1));
        // What is kept from the first use on (schemas, plans, messages) is no input's doing.
        decoder.Decode(decoder.Corpus[0]);
        decoder.Decode([]);
        for (var i = 0; i < decoder.Corpus.Count; i++)
            if (Problem(decoder.Corpus[i]) is { } problem)
                return Tell($"corpus {i}", problem);
        var mutator = new Mutator(seed, decoder.Corpus);
        for (var i = 0; i < inputs; i++)
            if (Problem(mutator.Next()) is { } problem)
                return Tell($"input {i} of seed {seed}", problem);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{decoder.Name}: {decoder.Corpus.Count} of the corpus and {inputs} mutations of seed {seed}; {_refused} refused; at most {_dearest} B allocated"
            )
        );
        return 0;
    }

    private string? Problem(byte[] input)
    {
        _current = input;
        Volatile.Write(ref _startedAt, Environment.TickCount64);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refusal? refusal;
        try
        {
            refusal = decoder.Decode(input);
        }
        // Whatever else comes is what is looked for.
        catch (Exception defect)
        {
            return $"{defect.GetType().Name}: {defect.Message}";
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Volatile.Write(ref _startedAt, 0);
        _dearest = Math.Max(_dearest, allocated);
        if (allocated > decoder.MaxAllocated(input.Length))
            return $"{allocated} B were allocated for {input.Length} B; {decoder.MaxAllocated(input.Length)} B are the bound";
        if (refusal is not { } refused)
            return null;
        _refused++;
        if (refused.Path.Length == 0 || refused.Reason.Length == 0)
            return "it was refused without a path or a reason";
        // Without a place only where the whole is refused for its size.
        return refused.Offset < 0 || refused.Offset > input.Length ? $"it was refused at {refused.Offset} of {input.Length}" : null;
    }

    private int Tell(string which, string problem)
    {
        Console.WriteLine($"FOUND {decoder.Name}, {which}: {problem}");
        Console.WriteLine(Shown(_current));
        return 1;
    }

    // From another thread, since this one does not come back.
    private void Watch()
    {
        var started = Volatile.Read(ref _startedAt);
        if (started == 0 || Environment.TickCount64 - started < MaxTime.TotalMilliseconds)
            return;
        Console.WriteLine($"FOUND {decoder.Name}: no answer within {MaxTime.TotalSeconds} s");
        Console.WriteLine(Shown(_current));
        Environment.Exit(1);
    }

    private static string Shown(byte[] input) => input.Length <= 8192 ? Convert.ToHexStringLower(input) : $"({input.Length} B)";
}
