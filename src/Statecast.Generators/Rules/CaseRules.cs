using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>Closed hierarchies: an abstract record and its declared cases.</summary>
internal static class CaseRules
{
    public static readonly DiagnosticDescriptor BadCase = new(
        RuleIds.BadCase,
        "A case is a sealed record of its hierarchy",
        "'{0}' cannot be a case of '{1}': {2}",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadCaseName = new(
        RuleIds.BadCaseName,
        "A case has a name of its own",
        "The case '{0}' of '{1}' has the name '{2}': {3}",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor UndeclaredCase = new(
        RuleIds.UndeclaredCase,
        "What derives from a closed hierarchy is declared",
        "'{0}' derives from '{1}', whose cases are declared, and is none of them: write [StateCase<{0}>(\"{2}\")] on '{1}'",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor NoCases = new(
        RuleIds.NoCases,
        "An abstract record declares its cases",
        "'{0}' holds '{1}', an abstract record that declares no cases: write [StateCase<…>(\"…\")] on it for each sealed record that derives from it",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor[] All = [BadCase, BadCaseName, UndeclaredCase, NoCases];
}
