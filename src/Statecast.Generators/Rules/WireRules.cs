using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>Names and defaults on the wire.</summary>
internal static class WireRules
{
    public static readonly DiagnosticDescriptor BadWireName = new(
        RuleIds.BadWireName,
        "A property's name is ASCII letters, digits and '_'",
        "'{0}' cannot be a name in Avro: use ASCII letters, digits and '_', not beginning with a digit",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor DuplicateWireName = new(
        RuleIds.DuplicateWireName,
        "Names on the wire are distinct",
        "'{0}' has the name '{1}' on the wire, which another property or alias has too: rename one",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor DuplicateTypeName = new(
        RuleIds.DuplicateTypeName,
        "Type names within a contract are distinct",
        "'{0}' and '{1}' are both named '{2}' in this contract's schema: rename one",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadDefault = new(
        RuleIds.BadDefault,
        "A default is a value of its property",
        "'{0}' cannot have this default: {1}",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadAlias = new(
        RuleIds.BadAlias,
        "An alias is an earlier name",
        "'{0}' has the alias '{1}', which is no name on the wire: use ASCII letters, digits and '_', not beginning with a digit",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor InitializerIsNoDefault = new(
        RuleIds.InitializerIsNoDefault,
        "A default is declared, not only initialized",
        "'{0}' has an initializer, which is not used when an event without the property is read: such an event {1}. Write [Default(…)] with the same value instead of it or beside it, or remove the initializer.",
        RuleIds.Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor[] All =
    [
        BadWireName,
        DuplicateWireName,
        DuplicateTypeName,
        BadDefault,
        BadAlias,
        InitializerIsNoDefault,
    ];
}
