using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;
using Statecast.Generators.Emitting;
using Statecast.Generators.Reading;
using Statecast.Generators.Rules;

namespace Statecast.Generators;

/// <summary>
/// Emits one file per contract: what a state needs to travel, without reflection. It reports nothing, and emits nothing for a contract with errors:
/// those are the analyzer's to say.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class ContractGenerator : IIncrementalGenerator
{
    /// <summary>The name of the step whose result tests look at.</summary>
    public const string ShapesStep = "Shapes";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var shapes = context
            .SyntaxProvider.ForAttributeWithMetadataName(
                Attributes.StateContract,
                static (node, _) => node is TypeDeclarationSyntax,
                static (found, _) =>
                    found.TargetSymbol is INamedTypeSymbol type
                        ? ContractReader.Read(found.SemanticModel.Compilation, type, new Findings())
                        : null
            )
            .Where(static shape => shape is not null)
            .WithTrackingName(ShapesStep);
        context.RegisterSourceOutput(
            shapes,
            static (output, shape) =>
                output.AddSource(ContractEmitter.FileName(shape!), SourceText.From(ContractEmitter.Emit(shape!), Encoding.UTF8))
        );
    }
}
