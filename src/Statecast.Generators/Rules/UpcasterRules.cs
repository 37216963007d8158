using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>The methods that make a state of an older major's.</summary>
internal static class UpcasterRules
{
    public static readonly DiagnosticDescriptor BadUpcaster = new(
        RuleIds.BadUpcaster,
        "An upcaster takes the contract's state in an older major",
        "'{0}.Upcast' is no upcaster: {1}. Write 'public static {0} Upcast({0}V1 old)', where the parameter's type is the same contract in a lower version.",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor[] All = [BadUpcaster];
}
