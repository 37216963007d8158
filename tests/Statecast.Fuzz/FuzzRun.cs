using System.Globalization;

namespace Statecast.Fuzz;

/// <summary>Feeds a decoder its corpus, then mutations, and says of the first input that it does not take as it must.</summary>
internal sealed class FuzzRun(IDecoder decoder, int seed, int inputs)
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    // For one that waits without working: nothing here does, however busy the machine is.
    private static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(2);

    private byte[] _current = [];
    private long _number;
    private bool _decodes;
    private (long Number, TimeSpan Worked, long At) _seen;
    private int _refused;
    private long _dearest;

    public int Run()
    {
        using var watchdog = new Timer(_ => Watch(), null, TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
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
        Volatile.Write(ref _number, _number + 1);
        Volatile.Write(ref _decodes, true);
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
        Volatile.Write(ref _decodes, false);
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

    // From another thread, since this one does not come back. Processor time: what else the machine does is no input's doing.
    private void Watch()
    {
        var (number, worked) = (Volatile.Read(ref _number), Environment.CpuUsage.TotalTime);
        if (!Volatile.Read(ref _decodes) || number != _seen.Number)
        {
            _seen = (number, worked, Environment.TickCount64);
            return;
        }
        if (worked - _seen.Worked < MaxTime && Environment.TickCount64 - _seen.At < MaxWait.TotalMilliseconds)
            return;
        Console.WriteLine($"FOUND {decoder.Name}: no answer within {MaxTime.TotalSeconds} s");
        Console.WriteLine(Shown(_current));
        Environment.Exit(1);
    }

    private static string Shown(byte[] input) => input.Length <= 8192 ? Convert.ToHexStringLower(input) : $"({input.Length} B)";
}
