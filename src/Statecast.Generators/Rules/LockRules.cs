using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>A contract against its locked history.</summary>
internal static class LockRules
{
    public static readonly DiagnosticDescriptor Breaking = Error(
        RuleIds.Breaking,
        "A breaking change needs a new major",
        "'{0}' breaks with its lock {1} {2}: {3}. To mend it: {4}; or raise the contract's Version to {5}."
    );

    public static readonly DiagnosticDescriptor NoMinor = Error(
        RuleIds.NoMinor,
        "An additive change needs a new minor",
        "'{0}' differs from its lock {1}, and may: lock it as {2}, by the code fix or ContractLock.Update.{3}"
    );

    public static readonly DiagnosticDescriptor NoAlias = Error(
        RuleIds.NoAlias,
        "A rename keeps the earlier name as an alias",
        "'{0}' renames without an alias what its lock {1} has {2}: {3}. To mend it: {4}."
    );

    public static readonly DiagnosticDescriptor NoDefault = Error(
        RuleIds.NoDefault,
        "A new field has a default",
        "'{0}' cannot read states of its lock {1} {2}: {3}. To mend it: {4}."
    );

    public static readonly DiagnosticDescriptor NoEnumDefault = Error(
        RuleIds.NoEnumDefault,
        "An enum with a new member says what an unknown one is taken for",
        "'{0}' has an enum member that its lock {1} does not have {2}: {3}. To mend it: {4}, so that what is added from now on is read."
    );

    /// <summary>An information, until any contract has a lock or the project requires them.</summary>
    public static readonly DiagnosticDescriptor NoLock = new(
        RuleIds.NoLock,
        "A contract has a lock",
        "'{0}' has no lock of its major, so nothing notices if it breaks: lock it as {1}, by the code fix or ContractLock.Update",
        RuleIds.Category,
        DiagnosticSeverity.Info,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadLock = Error(
        RuleIds.BadLock,
        "A lock is a schema",
        "This lock cannot be read: {0}. Restore it from version control."
    );

    public static readonly DiagnosticDescriptor[] All = [Breaking, NoMinor, NoAlias, NoDefault, NoEnumDefault, NoLock, BadLock];

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, RuleIds.Category, DiagnosticSeverity.Error, isEnabledByDefault: true);
}
