namespace Statecast.Fuzz;

/// <summary>What is fed with inputs that nobody vouches for.</summary>
internal interface IDecoder
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    /// <summary>Valid and malformed inputs that are decoded as they are, and mutated.</summary>
    IReadOnlyList<byte[]> Corpus { get; }

    /// <summary>The most bytes that decoding an input may allocate, by the decoder's limits.</summary>
    long MaxAllocated(int inputBytes);

    /// <summary>Decodes, and forgets what comes of it. A refusal is told by the decoder's one exception type.</summary>
    Refusal? Decode(byte[] input);
}

/// <summary>Where and why an input was refused.</summary>
internal readonly record struct Refusal(string Path, long Offset, string Reason);
