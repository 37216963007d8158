namespace Statecast.Fuzz;

/// <summary>Decoders with a fault each, by which the harness shows that it would see one.</summary>
internal sealed class PlantedFault(string fault, IDecoder inner) : IDecoder
{
    public static readonly string[] All = ["allocation", "hang", "exception", "no-place", "memory", "stack"];

    public string Name => inner.Name;

    public IReadOnlyList<byte[]> Corpus => inner.Corpus;

    public long MaxAllocated(int inputBytes) => inner.MaxAllocated(inputBytes);

    public Refusal? Decode(byte[] input)
    {
        // Only a mutation that is refused late trips it: the corpus alone would not.
        if (inner.Decode(input) is not { Offset: > 40 } refused || refused.Offset % 7 > 0)
            return null;
        switch (fault)
        {
            case "allocation":
                // Memory for a length that is only claimed.
                GC.KeepAlive(new byte[4 * 1024 * 1024]);
                return refused;
            case "hang":
                while (refused.Offset > 40)
                    Thread.SpinWait(1_000);
                return refused;
            case "exception":
                throw new IndexOutOfRangeException("planted");
            case "no-place":
                return refused with { Offset = input.Length + 1 };
            case "memory":
                GC.KeepAlive(new byte[2_000_000_000]);
                return refused;
            case "stack":
                return Deeper(refused, 0);
            default:
                throw new ArgumentException($"No fault is called '{fault}'.");
        }
    }

    private static Refusal Deeper(Refusal refused, int depth)
    {
        Span<long> room = stackalloc long[64];
        room.Fill(depth);
        var deeper = Deeper(refused, depth + 1);
        return deeper with { Offset = room[0] };
    }
}
