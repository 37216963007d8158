using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>Enums, which travel by their members' names.</summary>
internal static class EnumRules
{
    public static readonly DiagnosticDescriptor BadEnum = new(
        RuleIds.BadEnum,
        "An enum has distinct members that are no flags",
        "'{0}' cannot travel: {1}",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor EnumWithoutDefault = new(
        RuleIds.EnumWithoutDefault,
        "An enum says what an unknown member is taken for",
        "'{0}' has no [EnumDefault] member: readers of this version park states with a member added later",
        RuleIds.Category,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor[] All = [BadEnum, EnumWithoutDefault];
}
