using System.Collections.Generic;

namespace Statecast.Serialization.Compatibility;

/// <summary>The verdict on a schema against those before it.</summary>
public sealed class CompatibilityReport
{
    internal CompatibilityReport(IReadOnlyList<CompatibilityProblem> problems) => Problems = problems;

    /// <summary>Everything in the way; empty if it is compatible.</summary>
    public IReadOnlyList<CompatibilityProblem> Problems { get; }

    /// <summary>Whether nothing is in the way.</summary>
    public bool IsCompatible => Problems.Count == 0;

    /// <inheritdoc/>
    public override string ToString() => IsCompatible ? "compatible" : string.Join("\n", Problems);
}

/// <summary>Which of two schemas is to read the other's data.</summary>
public enum CompatibilityDirection
{
    /// <summary>The new schema reads what an earlier one wrote.</summary>
    Backward,

    /// <summary>An earlier schema reads what the new one writes.</summary>
    Forward,
}

/// <summary>One thing that one schema writes and another cannot read.</summary>
public sealed class CompatibilityProblem
{
    private readonly CompatibilityMismatch _mismatch;

    internal CompatibilityProblem(CompatibilityDirection direction, int against, string codec, CompatibilityMismatch mismatch)
    {
        _mismatch = mismatch;
        Direction = direction;
        Against = against;
        Codec = codec;
    }

    /// <summary>Which of the two is to read the other's data.</summary>
    public CompatibilityDirection Direction { get; }

    /// <summary>The place in the history of the schema that it was compared with.</summary>
    public int Against { get; }

    /// <summary>The codec whose rules these are: <c>avro</c> or <c>json</c>.</summary>
    public string Codec { get; }

    /// <summary>Where, for example <c>lines[].price</c>; <c>$</c> for the whole.</summary>
    public string Path => _mismatch.Path;

    /// <summary>By which rule.</summary>
    public CompatibilityRule Rule => _mismatch.Rule;

    /// <summary>What differs.</summary>
    public string Reason => _mismatch.Reason;

    /// <summary>What mends it.</summary>
    public string Advice => _mismatch.Advice;

    /// <summary>The same with another place in the history.</summary>
    internal CompatibilityProblem At(int against) => new(Direction, against, Codec, _mismatch);

    /// <inheritdoc/>
    public override string ToString() => $"{Path} ({Codec}, {Direction.ToString().ToLowerInvariant()}): {Reason}; {Advice}.";
}

/// <summary>One thing that a writer writes and a reader cannot read.</summary>
internal sealed class CompatibilityMismatch(string path, CompatibilityRule rule, string reason, string advice)
{
    public string Path { get; } = path;

    public CompatibilityRule Rule { get; } = rule;

    public string Reason { get; } = reason;

    public string Advice { get; } = advice;
}
