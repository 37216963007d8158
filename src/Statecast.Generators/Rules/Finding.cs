using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>Something about a contract that must be mended, at a place.</summary>
internal readonly struct Finding(DiagnosticDescriptor rule, ISymbol at, object[] arguments, ImmutableDictionary<string, string?> mend)
{
    /// <summary>What a code fix needs to know (<see cref="MendKeys"/>).</summary>
    public ImmutableDictionary<string, string?> Mend { get; } = mend;

    public DiagnosticDescriptor Rule { get; } = rule;

    public ISymbol At { get; } = at;

    public object[] Arguments { get; } = arguments;

    public bool IsSame(Finding other) =>
        Rule.Id == other.Rule.Id && SymbolEqualityComparer.Default.Equals(At, other.At) && Arguments.SequenceEqual(other.Arguments);

    public bool IsError => Rule.DefaultSeverity == DiagnosticSeverity.Error;
}

/// <summary>Collects findings; the generator only asks whether there are any.</summary>
internal sealed class Findings
{
    private static readonly ImmutableDictionary<string, string?> NoMend = ImmutableDictionary<string, string?>.Empty;

    private readonly List<Finding> _all = [];

    public IReadOnlyList<Finding> All => _all;

    public bool HasErrors => _all.Any(f => f.IsError);

    /// <summary>Adds a finding, once: what several cases inherit is read with each of them.</summary>
    public void Add(DiagnosticDescriptor rule, ISymbol at, params object[] arguments) => Add(new Finding(rule, at, arguments, NoMend));

    /// <summary>Adds a finding with what its code fix needs to know.</summary>
    public void AddMendable(DiagnosticDescriptor rule, ISymbol at, (string Key, string Value)[] mend, params object[] arguments) =>
        Add(new Finding(rule, at, arguments, mend.ToImmutableDictionary(m => m.Key, m => (string?)m.Value)));

    private void Add(Finding finding)
    {
        if (!_all.Any(finding.IsSame))
            _all.Add(finding);
    }
}
