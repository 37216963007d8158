using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>Something about a contract that must be mended, at a place.</summary>
internal readonly struct Finding(DiagnosticDescriptor rule, ISymbol at, params object[] arguments)
{
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
    private readonly List<Finding> _all = [];

    public IReadOnlyList<Finding> All => _all;

    public bool HasErrors => _all.Any(f => f.IsError);

    /// <summary>Adds a finding, once: what several cases inherit is read with each of them.</summary>
    public void Add(DiagnosticDescriptor rule, ISymbol at, params object[] arguments)
    {
        var finding = new Finding(rule, at, arguments);
        if (!_all.Any(finding.IsSame))
            _all.Add(finding);
    }
}
