using Microsoft.CodeAnalysis;

namespace Statecast.Generators.Rules;

/// <summary>The contract's own declaration: its record, name and version.</summary>
internal static class DeclarationRules
{
    public static readonly DiagnosticDescriptor NotPartial = new(
        RuleIds.NotPartial,
        "A contract and the types around it are partial",
        "'{0}' must be partial: the generator adds the contract's code to it. Write 'partial' before its keyword.",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor NotSealedRecord = new(
        RuleIds.NotSealedRecord,
        "A contract is a sealed record class",
        "'{0}' must be a sealed, non-abstract record class: a contract is an immutable value without subtypes. Write 'public sealed partial record {0}(…)'.",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadName = new(
        RuleIds.BadName,
        "A contract's name is lower-case letters, digits, '.' and '-'",
        "'{0}' is no contract name: write parts of lower-case letters, digits and '-' joined by '.', each beginning with a letter, at most 128 characters, for example 'shop.order'",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor BadVersion = new(
        RuleIds.BadVersion,
        "A contract's version is its major, from 1",
        "The version {0} is no major schema version: write a number from 1 to 9999",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor Generic = new(
        RuleIds.Generic,
        "A contract is not generic",
        "'{0}' must not be generic, nor stand in a generic type: a contract has one shape",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    public static readonly DiagnosticDescriptor FileLocal = new(
        RuleIds.FileLocal,
        "A contract is not file-local",
        "'{0}' must not be file-local: the generator writes to another file. Remove 'file'.",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true
    );

    /// <summary>Found by looking at all contracts together, so it is no part of <see cref="All"/>.</summary>
    public static readonly DiagnosticDescriptor NameTaken = new(
        RuleIds.NameTaken,
        "A contract's name and version stand for one shape",
        "'{0}' is the contract '{1}' version {2}, and so is '{3}': their states would go to one destination. Give one of them another name, or another Version if it replaces the other.",
        RuleIds.Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        customTags: WellKnownDiagnosticTags.CompilationEnd
    );

    public static readonly DiagnosticDescriptor[] All = [NotPartial, NotSealedRecord, BadName, BadVersion, Generic, FileLocal];
}
