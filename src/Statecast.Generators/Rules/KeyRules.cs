using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>What identifies one piece of state.</summary>
internal static class KeyRules
{
    public static readonly DiagnosticDescriptor NoKey = new(
        RuleIds.NoKey,
        "A contract has a key",
        "'{0}' has no key: mark the property, or the properties, that identify one piece of state with [StateKey]",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadKeyPart = new(
        RuleIds.BadKeyPart,
        "A key's part is of a type with a text form",
        "'{0}' of type '{1}' cannot be part of a key: use string, Guid, an integer, DateOnly, an enum, or a struct with one such property; not nullable",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor KeyNameTaken = new(
        RuleIds.KeyNameTaken,
        "A composite key's type is named Key",
        "'{0}' has a composite key, for which the generator adds a struct 'Key'; its own member 'Key' is in the way: rename that member",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor NotTravelling = new(
        RuleIds.KeyNotTravelling,
        "A key's part is a property that travels",
        "'{0}' is marked [StateKey] but does not travel: only public properties with a constructor parameter or '{{ get; init; }}' do",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor[] All = [NoKey, BadKeyPart, KeyNameTaken, NotTravelling];
}
